"""Choose the transport for calls to AWS, and warm it up."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from relay.auth.secret_ref import SSM
from relay.aws.api import (
    DYNAMODB,
    EVENTS,
    NO_RETRY,
    PARAMETER_STORE,
    QUEUE_SEND,
    REGISTRY_READ,
    SECRETS_MANAGER,
    SQS,
    STANDARD_RETRY,
    AwsError,
    PlannedCall,
    Transport,
)


def choose_transport(regions: Sequence[str], *, always_boto3: bool) -> Transport:
    """Return the direct transport, or boto3 if the environment or a Region needs what only boto3 supports."""
    if not always_boto3:
        from relay.aws import endpoints

        home = os.environ.get("AWS_REGION")  # where the secrets are
        if endpoints.supports(os.environ, [*regions, *([home] if home else [])]):
            from relay.aws import http_transport

            return Transport(http_transport.call, http_transport.begin, http_transport.warm_up)
    from relay.aws import boto3_transport  # boto3 is most of a cold start

    return Transport(boto3_transport.call, boto3_transport.begin, boto3_transport.warm_up)


def warm_up(
    transport: Transport,
    regions: Sequence[str],
    secrets: Iterable[str],
    *,
    with_registry: bool = False,
    with_queue: bool = False,
) -> None:
    """Prepare the first calls while the function starts, when Lambda gives it a whole processor.

    `regions` are those of the events, the most used first; `secrets` are the names of the secrets;
    `with_registry` says whether customers' destinations are read, `with_queue` whether a route has
    `delivery = "queued"`. Outside of Lambda this does nothing.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    initialization = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if initialization is None:
        return
    planned = [PlannedCall(EVENTS, region, NO_RETRY) for region in regions]
    stores = {PARAMETER_STORE if name.startswith(SSM) else SECRETS_MANAGER for name in secrets}
    planned += [PlannedCall(store, os.environ["AWS_REGION"], STANDARD_RETRY) for store in sorted(stores)]
    if with_registry:
        planned.append(PlannedCall(DYNAMODB, os.environ["AWS_REGION"], REGISTRY_READ))
    if with_queue:
        planned.append(PlannedCall(SQS, os.environ["AWS_REGION"], QUEUE_SEND))
    with suppress(AwsError):  # the first webhook tries again, and reports the failure
        transport.warm_up(planned, snapshot=initialization == "snap-start")

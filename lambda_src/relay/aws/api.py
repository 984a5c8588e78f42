"""What a healthy webhook asks of AWS: a few JSON operations, by one of two transports.

`direct` is the standard library over a kept connection; `sdk` is boto3. Both raise CallFailed and nothing else.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from relay.auth.secret_ref import SSM
from relay.config.loader import DIRECT

USER_AGENT = "partner-event-relay"
"""What AWS's own logs and support can tell the relay by."""


class Service(NamedTuple):
    """`name` as in endpoints and signatures; `target` is what stands before the operation in X-Amz-Target."""

    name: str
    target: str


EVENTS = Service("events", "AWSEvents")
SECRETS_MANAGER = Service("secretsmanager", "secretsmanager")
PARAMETER_STORE = Service("ssm", "AmazonSSM")


class CallOptions(NamedTuple):
    """How long one attempt may take to connect and to be answered in full, and how many there are."""

    connect_seconds: float
    read_seconds: float
    attempts: int


# PutPartnerEvents is tried again by delivery.py alone, within its budget.
NO_RETRY = CallOptions(1, 3, 1)
STANDARD_RETRY = CallOptions(2, 5, 3)

Use = tuple[Service, str, CallOptions]
"""A service in a Region, and how it is going to be called."""


class AwsError(Exception):
    """AWS answered with an error, or not at all: `code` is AWS's, or the name of botocore's exception for it.

    `request_id` is AWS's own, by which its support finds the request; empty if there was no answer.
    """

    def __init__(self, code: str, message: str, request_id: str = "") -> None:
        self.code = code
        self.message = f"{message} (AWS request id {request_id})".lstrip() if request_id else message
        self.request_id = request_id
        super().__init__(f"{code}: {self.message}")


AwsCall = Callable[[Service, str, str, Mapping[str, Any], CallOptions], dict[str, Any]]
"""Calls an operation ("PutPartnerEvents") of a service in a Region with its parameters. Raises AwsError."""


class Prepare(Protocol):
    """Does in advance what the first of some calls would have to. Raises AwsError."""

    def __call__(self, uses: Sequence[Use], *, snapshot: bool) -> None:
        """`snapshot`: the process is going to be frozen and restored many times (SnapStart)."""


class Transport(NamedTuple):
    """A way to call AWS."""

    call: AwsCall
    warm_up: Prepare


def warm_up(transport: Transport, regions: Sequence[str], secrets: Iterable[str]) -> None:
    """Do what can be done while the function starts, for which Lambda gives a whole processor.

    `regions` are those of the events, the most used first; `secrets` the names of the secrets.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    how = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if how is None:  # not on Lambda
        return
    uses: list[Use] = [(EVENTS, region, NO_RETRY) for region in regions]
    stores = {PARAMETER_STORE if name.startswith(SSM) else SECRETS_MANAGER for name in secrets}
    uses += [(store, os.environ["AWS_REGION"], STANDARD_RETRY) for store in sorted(stores)]
    with suppress(AwsError):  # the first webhook tries again, and says so
        transport.warm_up(uses, snapshot=how == "snap-start")


def choose_transport(transport: str, regions: Sequence[str]) -> Transport:
    """Return relay.toml's transport; boto3 as well where the environment asks for something that only boto3 knows."""
    if transport == DIRECT:
        from relay.aws import endpoints

        home = os.environ.get("AWS_REGION")  # where the secrets are
        if endpoints.served(os.environ, [*regions, *([home] if home else [])]):
            from relay.aws import http_transport

            return Transport(http_transport.call, http_transport.prepare)
    from relay.aws import boto3_transport  # boto3 is most of a cold start

    return Transport(boto3_transport.call, boto3_transport.prepare)

"""What a healthy webhook asks of AWS: a few JSON operations, by one of two transports.

`direct` is the standard library over a kept connection; `sdk` is boto3. Both raise CallFailed and nothing else.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

DIRECT, BOTO3 = "direct", "boto3"


class Service(NamedTuple):
    """`name` as in endpoints and signatures; `target` is what stands before the operation in X-Amz-Target."""

    name: str
    target: str


EVENTS = Service("events", "AWSEvents")
SECRETS_MANAGER = Service("secretsmanager", "secretsmanager")
PARAMETER_STORE = Service("ssm", "AmazonSSM")


class Patience(NamedTuple):
    """How long one attempt may take to connect and to be answered, and how many there are."""

    connect_seconds: float
    read_seconds: float
    attempts: int


# PutPartnerEvents is tried again by delivery.py alone, within its budget.
ONCE = Patience(1, 3, 1)
SEVERAL = Patience(2, 5, 3)


class CallFailed(Exception):
    """AWS answered with an error, or not at all: `code` is AWS's, or the name of botocore's exception for it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


Call = Callable[[Service, str, str, Mapping[str, Any], Patience], dict[str, Any]]
"""Calls an operation ("PutPartnerEvents") of a service in a Region with its parameters. Raises CallFailed."""


def prepare(call: Call, region: str) -> None:
    """What can be done while the function starts, for which Lambda gives a whole processor.

    The connection to where the first webhook will go; not for a snapshot, in which it would be dead. There it is the
    credentials, which come from botocore after SnapStart: its import is in the snapshot then.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    how = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if how is None:  # not on Lambda
        return
    from relay import direct

    if call is direct.call:
        with suppress(CallFailed):  # the first webhook tries again, and says so
            if how == "snap-start":
                direct.credentials()
            else:
                direct.connect(EVENTS, region, ONCE)


def chosen(transport: str, regions: Sequence[str]) -> Call:
    """relay.toml's transport; boto3 as well where the environment asks for something that only boto3 knows."""
    if transport == DIRECT:
        from relay import direct

        if direct.suits(os.environ, regions):
            return direct.call
    from relay import sdk  # boto3 is most of a cold start

    return sdk.call

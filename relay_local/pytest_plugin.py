"""The pytest fixture `partner_bus`, for any project that has this package installed."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def partner_bus() -> Iterator[object]:
    """Run a local AWS with partner events, over plain HTTP and without IAM, for as long as the tests run.

    Yield a `relay_local.process.LocalAws`: `client(service, account, region)` is a boto3 client in any account, and
    `environment(account, region)` is what another program needs.
    """
    from relay_local.process import run_emulator  # noqa: PLC0415 # only who uses the fixture needs its packages

    with run_emulator(region="us-east-1", iam=False, functions=False) as bus:
        yield bus

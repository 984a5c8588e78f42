"""The local partner bus, alone: plain HTTP, no IAM, started once with its own command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import aws
from local.aws import PARTNER, LocalAws

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
CUSTOMER = "222222222222"
SOURCE = "aws.partner/acme.example/c42/orders"

AwsCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def bus() -> Iterator[LocalAws]:
    with aws.running(region=REGION, iam=False) as running:
        running.client("events", PARTNER, REGION).create_partner_event_source(Name=SOURCE, Account=CUSTOMER)
        yield running


@pytest.fixture
def faults(bus: LocalAws) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """Injects faults; none is left behind."""

    def inject(document: list[dict[str, Any]]) -> None:
        httpx.put(f"{bus.url}/_partner_bus/faults", json=document).raise_for_status()

    yield inject
    inject([])


@pytest.fixture
def cli(bus: LocalAws) -> AwsCli:
    """The real AWS command line."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], **bus.environment(PARTNER, REGION), "AWS_MAX_ATTEMPTS": "1"}
        command = [str(Path(sys.executable).with_name("aws")), *arguments, "--output", "json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def put(cli: AwsCli) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """`aws events put-partner-events` with entries in JSON; its answer."""

    def put(entries: list[dict[str, Any]]) -> dict[str, Any]:
        done = cli("events", "put-partner-events", "--entries", json.dumps(entries))
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return put

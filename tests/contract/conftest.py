"""The real AWS command line, against the local partner bus."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION, bus, faults

__all__ = ["bus", "faults"]  # fixtures

AwsCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(bus: LocalAws) -> AwsCli:
    """Return the real AWS command line, in the partner's account unless another is named."""

    def run(*arguments: str, account: str = PARTNER) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], **bus.environment(account, REGION), "AWS_MAX_ATTEMPTS": "1"}
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

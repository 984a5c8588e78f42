"""The installed program, as an operator runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local_bus import bus

__all__ = ["bus"]  # a fixture

ROOT = Path(__file__).parents[2]
Relayctl = Callable[..., subprocess.CompletedProcess[str]]


def run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`relayctl …`, in the repository, without any AWS configuration but `environment`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RELAY_"))}
    command = [str(Path(sys.executable).with_name("relayctl")), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**clean, "AWS_EC2_METADATA_DISABLED": "true", **environment},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def relayctl() -> Relayctl:
    return run

"""The installed program, as an operator runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.local_bus import bus
from tests.relayctl.forks import forks

__all__ = ["bus"]  # a fixture

ROOT = Path(__file__).parents[2]
Relayctl = Callable[..., subprocess.CompletedProcess[str]]


# Typer and Rich write escape sequences into pipes where one of these is set, as in a CI.
FORCE_COLORS = ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS")


READ_AT_START = {"PYTHONPATH", "NO_COLOR", "COLUMNS", "TERM", "TERMINAL_WIDTH", *FORCE_COLORS}
"""What Python and the libraries of the terminal read once: a run with one of them needs a process of its own."""

INTERRUPTIBLE = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)
"""Run what follows as in a terminal: a shell starts what a script runs in the background with SIGINT ignored."""


def program() -> str:
    """Return the path of the installed `relayctl`."""
    return str(Path(sys.executable).with_name("relayctl"))


def clean_environment() -> dict[str, str]:
    """Return this process's environment without any AWS configuration and without wishes for colors."""
    unwanted = ("AWS_", "RELAY_", "PYTEST_CURRENT_TEST", "NO_COLOR", *FORCE_COLORS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**clean, "AWS_EC2_METADATA_DISABLED": "true"}


def run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`relayctl …`, in the repository, with a clean environment and `environment`."""
    clean = clean_environment()
    if environment.keys().isdisjoint(READ_AT_START):
        return forks(tuple(clean.items())).run(arguments, cwd=ROOT, env={**clean, **environment}, given=given)
    return subprocess.run(
        [program(), *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def relayctl() -> Relayctl:
    return run

"""What a run was measured on: no names, no paths."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def load_for_each_processor() -> float:
    """Return how many programs want each processor, in the mean of the last minute: with more than one, some wait."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def describe() -> str:
    """Return the machine, the versions and the day, in a sentence."""
    tools = ", ".join(f"{name} {version(name)}" for name in ("boto3", "aws-lambda-powertools"))
    return (
        f"{platform.machine()}, {os.cpu_count()} processors ({_model()}), Python {platform.python_version()}, {tools};"
        f" {datetime.now(UTC):%Y-%m-%d}"
    )


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")

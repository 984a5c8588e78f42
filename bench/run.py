"""`make bench`: the relay beside its references, in one interleaved run: ratios of medians, with their spread."""

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import events
from infra.package import Package

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build" / "bench"
RELAY_TOML = ROOT / "bench" / "relay.toml"
REFERENCES = ("bare", "quickstart", "typical", "floor")
ROUNDS = 15
WARM = {"1 KB": 150, "7 KB": 150, "64 KB": 80, "900 KB": 10, "20 events": 60, "200 events": 15}

Figures = dict[str, list[float]]


def main() -> None:
    """Build, measure, print."""
    BUILD.mkdir(parents=True, exist_ok=True)
    package = BUILD / "package"
    if not package.exists():
        Package(RELAY_TOML, local=True, cryptography=False).build(package)
    zipped = _zipped(package)
    with tempfile.TemporaryDirectory() as folder, _stub() as url:
        files = {
            name: _write(Path(folder) / f"{number}.json", event)
            for number, (name, event) in enumerate(events.all_of_them())
        }
        cells = [("relay", name) for name in files]
        cells += [(one, name) for one in REFERENCES for name in files if "events" not in name]
        found: defaultdict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
        chance = random.Random(0)  # noqa: S311 - an order, not a secret
        for number in range(ROUNDS + 1):
            for variant, name in chance.sample(cells, len(cells)):
                figures = _measured(variant, files[name], WARM[name], url, package)
                if number:  # the first round writes the .pyc files
                    found[variant, name].append(figures)
    _print(found, zipped)


def _write(path: Path, event: dict[str, Any]) -> Path:
    path.write_text(json.dumps(event), "utf-8")
    return path


@contextmanager
def _stub() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.stub"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def _measured(variant: str, event: Path, warm: int, url: str, package: Path) -> dict[str, float]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(package if variant == "relay" else ROOT),
        "PYTHONPYCACHEPREFIX": str(BUILD / "pyc"),
        "RELAY_CONFIG": str(RELAY_TOML),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RETRY_QUEUE_URL": f"{url}/retry",
        "DEAD_LETTER_QUEUE_URL": f"{url}/dead",
        "OVERFLOW_BUCKET": "overflow",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "POWERTOOLS_METRICS_NAMESPACE": "bench",
    }
    module = "relay.ingest" if variant == "relay" else f"bench.references.{variant}"
    command = [sys.executable, str(ROOT / "bench" / "driver.py"), module, str(event), str(warm)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _zipped(package: Path) -> dict[str, float]:
    """Megabytes of the package: as it is, as a zip, and as a zip without what the runtime brings too."""
    files = [path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    ours = [
        path
        for path in files
        if path.relative_to(package).parts[0].split("-")[0] not in {"boto3", "botocore", "s3transfer"}
    ]
    sizes = {"unzipped": sum(path.stat().st_size for path in files)}
    for name, chosen in (("zipped", files), ("zipped, without boto3", ours)):
        target = BUILD / "package.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in chosen:
                archive.write(path, path.relative_to(package))
        sizes[name] = target.stat().st_size
    return {name: size / 1024 / 1024 for name, size in sizes.items()}


def _print(found: dict[tuple[str, str], list[dict[str, float]]], zipped: dict[str, float]) -> None:
    def values(variant: str, name: str, figure: str) -> list[float]:
        return [one[figure] for one in found[variant, name]]

    table = Table(
        "CPU (user + system)", "relay", *(f"÷ {one}" for one in REFERENCES),
        title=f"{ROUNDS} interleaved rounds; medians, and in brackets the middle half of the ratios",
    )  # fmt: skip
    rows = [
        ("start to handler ready", "7 KB", "init", 1000, "ms"),
        ("start to first answer", "7 KB", "first", 1000, "ms"),
    ]
    rows += [(f"a webhook of {name}", name, "warm", 1000, "ms") for name in ("1 KB", "7 KB", "64 KB", "900 KB")]
    rows += [("wall time of a webhook of 7 KB", "7 KB", "wall", 1000, "ms"), ("peak memory", "7 KB", "memory", 1, "MB")]
    for title, name, figure, factor, unit in rows:
        mine = values("relay", name, figure)
        ratios = [_ratio(mine, values(one, name, figure)) for one in REFERENCES]
        table.add_row(title, f"{statistics.median(mine) * factor:.2f} {unit}", *ratios)
    for count in (20, 200):
        mine = [one / count for one in values("relay", f"{count} events", "warm")]
        ratios = [_ratio(mine, values(one, "1 KB", "warm")) for one in REFERENCES]
        table.add_row(f"an event, in a webhook of {count}", f"{statistics.median(mine) * 1000:.3f} ms", *ratios)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    console.print(table)
    console.print("package: " + ", ".join(f"{size:.1f} MB {name}" for name, size in zipped.items()))
    tools = ", ".join(f"{name} {version(name)}" for name in ("boto3", "aws-lambda-powertools"))
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {tools}"
    console.print(f"{machine}; {datetime.now(UTC):%Y-%m-%d}")


def _ratio(mine: list[float], theirs: list[float]) -> str:
    each = sorted(one / other for one, other in zip(mine, theirs, strict=True))
    quarter = len(each) // 4
    return f"{statistics.median(mine) / statistics.median(theirs):.2f} [{each[quarter]:.2f}-{each[-1 - quarter]:.2f}]"


if __name__ == "__main__":
    main()

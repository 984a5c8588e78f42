"""Starts what is measured: the stub of AWS, and a driver for each execution environment."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import events
from partner_event_relay.functions.bundling import Package

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build" / "bench"
RELAY_TOML = ROOT / "bench" / "relay.toml"
RELAY, REDELIVER, CUSTOMER = "relay", "redeliver", "relay, for a customer"
ARCHIVE, NO_LOG = "relay, with the archive", "relay, without the log of entries"
CONFIGS = {CUSTOMER: "customers.toml", ARCHIVE: "archive.toml", NO_LOG: "no-log.toml"}
MODULES = dict.fromkeys((RELAY, CUSTOMER, ARCHIVE, NO_LOG), "relay.ingest") | {REDELIVER: "relay.redeliver"}


@dataclass(frozen=True)
class Bench:
    """A stub that serves, the relay's package, and the events as files by their names."""

    url: str
    package: Path
    files: dict[str, Path]

    def figures(self, variant: str, event: str, mode: Sequence[str], before: Sequence[str] = ()) -> dict[str, float]:
        """Return what the driver measures in a process of its own, started by the command `before`."""
        done = self._run(variant, event, mode, before)
        figures: dict[str, float] = json.loads(done.stdout)
        return figures

    def instructions(self, variant: str, event: str, webhooks: int) -> int:
        """Return the instructions of the whole process, as valgrind counts them."""
        count = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
        done = self._run(variant, event, ("count", str(webhooks)), count)
        return int(re.findall(r"I\s+refs:\s+([0-9,]+)", done.stderr)[0].replace(",", ""))

    def program(self, variant: str) -> tuple[str, dict[str, str]]:
        """Return the module whose `handler` a variant is, and the environment that it needs."""
        ours = variant in MODULES
        return MODULES.get(variant, f"bench.references.{variant}"), {
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(self.package if ours else ROOT),
            "PYTHONPYCACHEPREFIX": str(BUILD / "pyc"),  # compiled, as it should be in a package
            "RELAY_CONFIG": str(ROOT / "bench" / CONFIGS.get(variant, "relay.toml")),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_DEFAULT_REGION": "us-east-1",
            "RETRY_QUEUE_URL": f"{self.url}/retry",
            "DEAD_LETTER_QUEUE_URL": f"{self.url}/dead",
            "OVERFLOW_BUCKET": "overflow",
            "DESTINATIONS_TABLE": "destinations",
            "HELD_BUCKET": "held",
            "ARCHIVE_STREAM": "archive",
            "ARCHIVE_BUCKET": "archive",
            "POWERTOOLS_SERVICE_NAME": "PartnerEventRelay",
            "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
        }

    def _run(
        self, variant: str, event: str, mode: Sequence[str], before: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        module, environment = self.program(variant)
        command = [*before, sys.executable, str(ROOT / "bench" / "driver.py"), module, str(self.files[event]), *mode]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


@contextmanager
def ready() -> Iterator[Bench]:
    """Build the relay's package, serve the stub and write the events until the block ends."""
    package = BUILD / "package"
    shutil.rmtree(package, ignore_errors=True)
    Package(RELAY_TOML, local=True, cryptography=False).build(package)
    with tempfile.TemporaryDirectory() as folder, _stub() as url:
        files = {}
        for number, (name, event) in enumerate(events.all_events()):
            files[name] = Path(folder) / f"{number}.json"
            files[name].write_text(json.dumps(event), "utf-8")
        yield Bench(url, package, files)


@contextmanager
def _stub() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.stub"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def sizes(package: Path) -> dict[str, float]:
    """Return the megabytes of the package: as it is, as a zip, and as a zip without what the runtime brings too."""
    files = [path for path in sorted(package.rglob("*")) if path.is_file()]
    boto3 = {"boto3", "botocore", "s3transfer"}
    ours = [path for path in files if path.relative_to(package).parts[0].split("-")[0] not in boto3]
    sizes_in_bytes = {"unzipped": sum(path.stat().st_size for path in files)}
    for name, chosen in (("zipped", files), ("zipped, without boto3", ours)):
        target = BUILD / "package.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in chosen:
                archive.write(path, path.relative_to(package))
        sizes_in_bytes[name] = target.stat().st_size
    return {name: size / 1024 / 1024 for name, size in sizes_in_bytes.items()}

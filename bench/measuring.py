"""Starts what is measured: the stub of AWS, and a driver for each execution environment."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import botocore
import trustme

from bench import events
from partner_event_relay.functions.bundling import CONFIG_MODULE, Package, write_config
from partner_event_relay.functions.compiler import compile_for_this_machine

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build" / "bench"
RELAY_TOML = ROOT / "bench" / "relay.toml"
RELAY, REDELIVER, CUSTOMER = "relay", "redeliver", "relay, for a customer"
ARCHIVE, NO_LOG = "relay, with the archive", "relay, without the log of entries"
CONFIGS = {CUSTOMER: "customers.toml", ARCHIVE: "archive.toml", NO_LOG: "no-log.toml"}
OF_THE_RUNTIME = ("boto3", "botocore", "dateutil", "python_dateutil", "s3transfer", "six", "six.py", "urllib3")
"""boto3 and what it needs, which the runtime of Lambda has too."""
PUBLIC_AUTHORITIES = Path(botocore.__file__).with_name("cacert.pem")
"""What boto3 trusts, and about as many as an operating system does."""
MODULES = dict.fromkeys((RELAY, CUSTOMER, ARCHIVE, NO_LOG), "relay.ingest") | {REDELIVER: "relay.redeliver"}


@dataclass(frozen=True)
class Stub:
    """The stub of AWS that serves: its URL, that of the credentials of a restored function, and its authority."""

    url: str
    credentials_url: str
    authority: Path


@dataclass(frozen=True)
class Bench:
    """A stub that serves, the relay's package and how Lambda unpacks it, and the events as files by their names.

    `configs` are the folders with the compiled relay.toml of each variant.
    """

    stub: Stub
    package: Path
    archive: Path
    configs: Mapping[str, Path]
    files: Mapping[str, Path]

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

    def program(self, variant: str, *, is_restored: bool = False) -> tuple[str, dict[str, str]]:
        """Return the module whose `handler` a variant is, and the environment that it needs."""
        credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        if is_restored:  # it is not given its own in the environment
            credentials = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.stub.credentials_url}
        return MODULES.get(variant, f"bench.references.{variant}"), {
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            **(self._ours(variant) if variant in MODULES else self._theirs()),
            **credentials,
            "AWS_ENDPOINT_URL": self.stub.url,
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if is_restored else "on-demand",
            "AWS_DEFAULT_REGION": "us-east-1",
            "RETRY_QUEUE_URL": f"{self.stub.url}/retry",
            "DEAD_LETTER_QUEUE_URL": f"{self.stub.url}/dead",
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
        module, environment = self.program(variant, is_restored=mode[0] == "restore")
        command = [*before, sys.executable, str(ROOT / "bench" / "driver.py"), module, str(self.files[event]), *mode]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    def _ours(self, variant: str) -> Mapping[str, str]:
        """Return what is the relay's alone. It has only the .pyc files of its package, whose disk is read-only."""
        return {
            "PYTHONPATH": f"{self.configs[variant]}{os.pathsep}{self.package}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_CA_BUNDLE": str(_trusted(self.stub.authority, self.package / "relay" / "aws" / "amazon_roots.pem")),
        }

    def _theirs(self) -> Mapping[str, str]:
        """Return what is the references' alone, which are compiled as well as a package could be."""
        return {
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(BUILD / "pyc"),
            "AWS_CA_BUNDLE": str(_trusted(self.stub.authority, PUBLIC_AUTHORITIES)),
        }


@contextmanager
def ready() -> Iterator[Bench]:
    """Build the relay's package, serve the stub and write the events until the block ends: one process at a time."""
    package, archive, task = BUILD / "package", BUILD / "package.zip", BUILD / "task"
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _prepared(package, archive, task)


def _prepared(package: Path, archive: Path, task: Path) -> Iterator[Bench]:
    for folder in (package, task):
        shutil.rmtree(folder, ignore_errors=True)
    Package(RELAY_TOML, local=True, cryptography=False).build(package)
    _zip(package, archive)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(task)
    with tempfile.TemporaryDirectory() as name, _stub(Path(name)) as stub:
        files = {}
        for number, (event_name, event) in enumerate(events.all_events()):
            files[event_name] = Path(name) / f"{number}.json"
            files[event_name].write_text(json.dumps(event), "utf-8")
        yield Bench(stub, task, archive, {variant: _compiled(variant) for variant in MODULES}, files)


def _compiled(variant: str) -> Path:
    """Return a folder with the relay.toml of a variant, as a package has it."""
    config = ROOT / "bench" / CONFIGS.get(variant, RELAY_TOML.name)
    folder = BUILD / config.stem
    folder.mkdir(exist_ok=True)
    write_config(config, folder)
    compile_for_this_machine(folder, CONFIG_MODULE)
    return folder


@contextmanager
def _stub(folder: Path) -> Iterator[Stub]:
    authority = trustme.CA()
    certificate, trusted = folder / "stub.pem", folder / "authority.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(trusted))
    command = [sys.executable, "-m", "bench.stub", str(certificate)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        port, credentials_port = process.stdout.readline().split()
        yield Stub(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{credentials_port}/", trusted)
        process.kill()


def _trusted(authority: Path, others: Path) -> Path:
    """Return a file of the stub's authority and `others`: as long as the file that is read on Lambda."""
    path = authority.with_name(f"authority-and-{others.name}")
    if not path.exists():
        path.write_bytes(authority.read_bytes() + others.read_bytes())
    return path


def _zip(package: Path, target: Path, without: Sequence[str] = ()) -> None:
    """Zip a package, without what begins with the names of some packages."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in package.rglob("*") if path.is_file()):
            name = path.relative_to(package)
            if name.parts[0].split("-")[0] not in without:
                archive.write(path, name)


def sizes(bench: Bench) -> dict[str, float]:
    """Return the megabytes of the package: as it is, as a zip, and as a zip without what the runtime brings too."""
    ours = BUILD / "package-without-boto3.zip"
    _zip(bench.package, ours, OF_THE_RUNTIME)
    sizes_in_bytes = {
        "unzipped": sum(path.stat().st_size for path in bench.package.rglob("*") if path.is_file()),
        "zipped": bench.archive.stat().st_size,
        "zipped, without boto3": ours.stat().st_size,
    }
    return {name: size / 1024 / 1024 for name, size in sizes_in_bytes.items()}

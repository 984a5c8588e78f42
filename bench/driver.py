"""One execution environment: imports a handler, answers an event, then many; prints what it has cost as JSON.

CPU is user and system time of the whole process. What a function logs goes to /dev/null, or is counted in bytes.
"""

import importlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ANSWERED = 202
WARMED_UP = 4


class Context:
    """What Lambda gives beside the event."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:bench"
    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left, as at the start of an invocation."""
        return 29_000


def main() -> None:
    """`driver.py MODULE EVENT.json count N`: so many more events, or `… log N` with their log, or `… seconds N`.

    `… restore N`: the first event of so many functions that were restored from one snapshot.
    """
    module, path, mode, amount = sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    event = json.loads(path.read_text("utf-8"))
    if mode == "restore":
        sys.path.append(str(Path(__file__).parents[1]))
        from bench import restoring  # noqa: PLC0415 - what is measured is imported alone

        hooks = restoring.Hooks()
    before, before_wall = time.process_time(), time.monotonic()  # the interpreter and the event are Lambda's own work
    result = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() if mode == "log" else Path(os.devnull).open("wb") as log:
        os.dup2(log.fileno(), 1)
    handler, context = importlib.import_module(module).handler, Context()
    ready = time.process_time()

    def answer() -> None:
        response = handler(event, context)
        if response.get("statusCode", ANSWERED) != ANSWERED or response.get("batchItemFailures"):
            raise SystemExit(f"{module} answered {response}")

    if mode == "restore":
        result.write(json.dumps(restoring.measure(hooks, answer, int(amount))))
        return
    answer()
    measured: dict[str, float] = {
        "init": ready - before,
        "first": time.process_time() - before,
        "first_wall": time.monotonic() - before_wall,
    }
    if mode == "log":
        before_log = os.fstat(1).st_size
        measured |= _counted(answer, int(amount))
        sys.stdout.flush()
        measured["log"] = (os.fstat(1).st_size - before_log) / (int(amount) + WARMED_UP - 1)
    elif mode == "count":
        measured |= _counted(answer, int(amount))
    else:
        measured |= _for_a_while(answer, amount)
    result.write(json.dumps(measured | {"memory": _peak_megabytes()}))


def _counted(answer: Callable[[], Any], number: int) -> dict[str, float]:
    for _ in range(WARMED_UP - 1):
        answer()
    begun, begun_wall = time.process_time(), time.monotonic()
    for _ in range(number):
        answer()
    return {"warm": (time.process_time() - begun) / number, "wall": (time.monotonic() - begun_wall) / number}


def _for_a_while(answer: Callable[[], Any], seconds: float) -> dict[str, float]:
    memory, walls, until = 0.0, [], time.monotonic() + seconds
    while (begun := time.monotonic()) < until:
        answer()
        walls.append(time.monotonic() - begun)
        memory = memory or _peak_megabytes() * (len(walls) == 1000)  # noqa: PLR2004 - by then all caches are full
    percentiles = statistics.quantiles(walls, n=100)
    return {
        "per_second": len(walls) / seconds,
        "median": percentiles[49],
        "p99": percentiles[98],
        "growth": _peak_megabytes() - memory if memory else 0,
    }


def _peak_megabytes() -> float:
    """Return the peak memory of this program alone; what getrusage tells begins with the memory of its parent."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()

"""One execution environment: imports a handler, answers an event, then many; prints what it has cost as JSON.

CPU is user and system time of the whole process, from its start. What a function logs goes to /dev/null.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path


class Context:
    """What Lambda gives beside the event."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:bench"
    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """As at the start of an invocation."""
        return 29_000


def main() -> None:
    """`driver.py MODULE EVENT.json WARM`."""
    module, path, warm = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    event = json.loads(path.read_text("utf-8"))
    before = time.process_time()  # the interpreter, and the event that is Lambda's own work
    result = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    handler, context = importlib.import_module(module).handler, Context()
    ready = time.process_time()
    answers = [handler(event, context)]
    first = time.process_time()
    answers += [handler(event, context) for _ in range(3)]  # what is only warmed up
    begun, begun_wall = time.process_time(), time.monotonic()
    for _ in range(warm):
        answers.append(handler(event, context))
    ended, ended_wall = time.process_time(), time.monotonic()
    if any(answer["statusCode"] != 202 for answer in answers):  # noqa: PLR2004 - 202 is what HTTP says it is
        raise SystemExit(f"{module} answered {answers[0]}")
    measured = {
        "init": ready - before,
        "first": first - before,
        "warm": (ended - begun) / warm,
        "wall": (ended_wall - begun_wall) / warm,
        "memory": _peak_megabytes(),
    }
    result.write(json.dumps(measured))


def _peak_megabytes() -> float:
    """Of this program alone; what getrusage tells begins with the memory of its parent."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()

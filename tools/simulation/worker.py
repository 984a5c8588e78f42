"""One execution environment of a function: `python -m tools.simulation.worker ingest`.

It reads an invocation on each line and writes its answer on one. It may be killed at any time.
"""

import importlib
import json
import os
import sys


class Context:
    """What Lambda gives beside the event."""

    function_name = "simulation"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:simulation"
    aws_request_id = "simulation"

    def __init__(self, function: str) -> None:
        self._milliseconds = 29_000 if function == "ingest" else 60_000  # as in the stack

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left, as at the start of an invocation."""
        return self._milliseconds


def main() -> None:
    """Serve one of the relay's functions until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the function's log
    handler, context = importlib.import_module(f"relay.{sys.argv[1]}").handler, Context(sys.argv[1])
    for line in sys.stdin:
        answers.write(json.dumps(handler(json.loads(line), context)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

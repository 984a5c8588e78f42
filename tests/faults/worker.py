"""A function's process: reads an invocation on each line, writes its answer on one. It may be killed at any time."""

import importlib
import json
import os
import sys

from tests.doubles import Context, RedeliverContext


def main() -> None:
    """Serve one of the relay's functions until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the function's log
    handler = importlib.import_module(f"relay.{sys.argv[1]}").handler
    context = RedeliverContext() if sys.argv[1] == "redeliver" else Context()
    for line in sys.stdin:
        answers.write(json.dumps(handler(json.loads(line), context)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

"""A function's process: reads an invocation on each line, writes its answer on one. It may be killed at any time."""

import importlib
import json
import os
import sys

from tests.doubles import Context


def main() -> None:
    """Serve one of the relay's functions until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the function's log
    handler = importlib.import_module(f"relay.{sys.argv[1]}").handler
    for line in sys.stdin:
        answers.write(json.dumps(handler(json.loads(line), Context())) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

"""`python -m tools.load.environment MODULE`: an execution environment: an event on each line in, an answer on each out.

With each answer are the seconds of processor time that it took, which other programs of the machine change little.
What the function logs goes to standard error. It ends when its standard input does.
"""

import importlib
import json
import os
import sys
import time

from bench.driver import Context


def main() -> None:
    """Serve."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    handler, context = importlib.import_module(sys.argv[1]).handler, Context()
    for line in sys.stdin:
        event, begun = json.loads(line), time.process_time()
        answer = handler(event, context)
        answers.write(json.dumps({"answer": answer, "cpu": time.process_time() - begun}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

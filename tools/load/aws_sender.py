"""One of the senders of the afternoon on AWS, as a Lambda function: the generator of `make load`, and nothing else.

`{"url", "secret", "times" or "rate" and "seconds", "first", "seed", "connections", "at"}` → what was seen. Latencies go
back as counts of seconds with three digits, and what was acknowledged as bytes, counted from `first`.
"""

import base64
import os
import ssl
import zlib
from collections import Counter
from typing import Any

from tools.load.generator import Target, open_loop, run
from tools.load.measured import Times
from tools.load.schedule import poisson


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send, and return what was seen."""
    first, seconds = event["first"], event["seconds"]
    trust = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    target = Target(event["url"], trust, event["secret"])
    times = event.get("times") or poisson(event["rate"], seconds, event["seed"])
    work = open_loop(target, times, first, seconds=seconds, connections=event["connections"], at=event["at"])
    measured = run(work)
    acknowledged = bytes(measured.acknowledged)[first:]
    return {
        "webhooks": measured.webhooks,
        "answers": {str(status): number for status, number in measured.answers.items()},
        "latency": _counts(measured.latency),
        "lateness": _counts(measured.lateness),
        "acknowledged": base64.b64encode(zlib.compress(acknowledged)).decode(),
    }


def _counts(times: Times) -> dict[str, int]:
    return dict(Counter(f"{seconds:.2e}" for seconds in times))

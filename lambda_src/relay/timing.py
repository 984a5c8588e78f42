"""How long a function may go on."""

import time
from typing import Protocol

from relay.delivery import Budget

# The last request may take 4 s (see aws.py); then what is left is stored, at worst after both queues failed twice.
RESERVED_SECONDS = 20


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is killed."""
        ...


def budget(context: Context, retry_seconds: float) -> Budget:
    """`retry_seconds` for trying again, and never past the function's own deadline."""
    now = time.monotonic()
    return Budget(now + retry_seconds, now + context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS)

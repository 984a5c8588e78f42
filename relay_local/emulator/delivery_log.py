"""The lines that the functions write of each entry, kept for the page of `make run`.

They are taken when they are logged: asking CloudWatch Logs for the new lines of each function each second takes longer.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

MAX_LINES = 20_000


class DeliveryLog:
    """The last lines of the delivery log, numbered from 1."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=MAX_LINES)
        self._last = 0
        self._lock = threading.Lock()  # functions log in threads of their own

    def take(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Keep the lines of the delivery log among the log events of a function."""
        lines = [event["message"] for event in events if '"message":"entry"' in event["message"]]
        with self._lock:
            for line in lines:
                self._last += 1
                self._lines.append((self._last, line))

    def since(self, number: int) -> dict[str, Any]:
        """Return the lines after the one of a number, and the number of the last of them."""
        with self._lock:
            lines = [line for at, line in self._lines if at > number]
            return {"last": self._last, "lines": [line for text in lines if (line := _parse(text))]}


def _parse(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and line.get("message") == "entry" else None

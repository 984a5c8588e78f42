"""Keep the latest webhooks and what became of them, within limits of number and bytes."""

import hashlib
import json
import statistics
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from relay.config.model import Config
from relay.config.route import Route
from relay.errors import Rejected
from relay.http import content_encoding, routing
from relay.http.request import Request
from relay_local.inspector.mapped import NOT_MAPPED, Mapped

MAX_CAPTURES = 500
MAX_BYTES = 32 * 1024 * 1024
BUCKET_SECONDS = 5
BUCKETS = 120


@dataclass(frozen=True)
class Capture:
    """One request and its answer. `at` is epoch seconds; `headers` have lower-case names, in the order they came."""

    id: int
    at: float
    seconds: float
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int
    answer: bytes
    request_id: str = ""

    @property
    def size(self) -> int:
        """Return roughly how many bytes it takes."""
        return len(self.body) + len(self.answer) + sum(len(name) + len(value) for name, value in self.headers)

    @property
    def is_refused(self) -> bool:
        """Return whether its sender was told to keep it: nothing of it was sent to anybody."""
        return self.status >= HTTPStatus.BAD_REQUEST

    def request(self) -> Request:
        """Return the request as the relay had it."""
        headers: dict[str, str] = {}
        for name, value in self.headers:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        return Request(self.method, self.path, self.query, headers, self.body, self.request_id or "request-id")

    def decoded_request(self) -> Request:
        """Return the request with the body that the relay maps. Raise Rejected."""
        return content_encoding.decode(self.request(), MAX_BYTES)

    def answer_document(self) -> dict[str, Any]:
        """Return the JSON object of the answer; empty if it is not one."""
        try:
            document = json.loads(self.answer)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def answer_in_words(self) -> str:
        """Return what the answer says of the entries, or why it is a problem; empty if it says neither."""
        answer = self.answer_document()
        counts = [f"{answer[name]} {name.replace('_', '-')}" for name in PLACES if answer.get(name)]
        return ", ".join(counts) or str(answer.get("detail") or "")

    def route(self, config: Config) -> Route | None:
        """Return the route it was for, or None."""
        try:
            return routing.match_route(config.routes, self.method, self.path)[0]
        except Rejected:
            return None


def fingerprint(source: str, detail_type: str, detail: Any) -> str:
    """Return a hash that is the same for an entry and for the event that the customer receives."""
    text = json.dumps([source, detail_type, detail], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Events:
    """The events that the customer has received, by event id and by content."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._events: deque[tuple[dict[str, Any], str, int]] = deque()
        self._by_id: dict[str, tuple[float, dict[str, Any]]] = {}
        self._by_content: dict[str, deque[tuple[float, dict[str, Any]]]] = {}
        self._bytes, self._max_bytes = 0, max_bytes

    def add(self, event: dict[str, Any], at: float) -> None:
        """Add an event that arrived at epoch seconds `at`, and forget the oldest ones."""
        content = fingerprint(event["source"], event["detail-type"], event["detail"])
        size = len(json.dumps(event))
        self._events.append((event, content, size))
        self._by_id[event["id"]] = (at, event)
        self._by_content.setdefault(content, deque()).append((at, event))
        self._bytes += size
        while self._bytes > self._max_bytes:
            oldest, content, size = self._events.popleft()
            self._by_id.pop(oldest["id"], None)
            self._by_content[content].popleft()
            if not self._by_content[content]:
                del self._by_content[content]
            self._bytes -= size

    def all(self) -> list[dict[str, Any]]:
        """Return the events in the order in which they arrived."""
        return [event for event, _, _ in self._events]

    def get(self, event_id: str) -> dict[str, Any] | None:
        """Return the event of this id if it has arrived and is still stored."""
        return self._by_id[event_id][1] if event_id in self._by_id else None

    def arrived(self, event_id: str) -> float | None:
        """Return when the event of this id arrived, in epoch seconds, or None."""
        return self._by_id[event_id][0] if event_id in self._by_id else None

    def find(self, capture: Capture, wire: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the event of an entry: by the id in the answer, or else an equal one that arrived later.

        The relay mapped the webhook between its arrival here and its answer, so its Time may be another second.
        """
        if "event_id" in result:
            return self.get(result["event_id"])
        time = datetime.fromisoformat(wire["Time"])
        later = capture.at + capture.seconds
        same = self._by_content.get(fingerprint(wire["Source"], wire["DetailType"], json.loads(wire["Detail"])), ())
        for at, event in same:
            apart = (datetime.fromisoformat(event["time"]) - time).total_seconds()
            if at > later and 0 <= apart <= capture.seconds + 1:
                return event
        return None


@dataclass
class Bucket:
    """What happened in five seconds."""

    at: int
    received: int = 0
    accepted: int = 0
    queued: int = 0
    dead_lettered: int = 0
    rejected: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Return the counts for a chart, with the median of the latencies."""
        median = round(statistics.median(self.milliseconds), 1) if self.milliseconds else None
        return {**{name: getattr(self, name) for name in COUNTS}, "at": self.at, "latency": median}


PLACES = (
    "accepted", "delivered", "held", "queued", "dead_lettered", "redriven", "discarded", "disabled", "unsubscribed",
    "without_customer",
)  # fmt: skip
"""Where the entries of a webhook may be: at first as its answer says, later as their fates do."""

COUNTS = ("received", "accepted", "queued", "dead_lettered", "rejected")


class Captures:
    """The last webhooks, newest last, and the counts of the last ten minutes."""

    def __init__(self, max_captures: int = MAX_CAPTURES, max_bytes: int = MAX_BYTES) -> None:
        self._captures: dict[int, Capture] = {}
        self._bytes = 0
        self._next = 1
        self._max_captures, self._max_bytes = max_captures, max_bytes
        self._buckets: deque[Bucket] = deque(maxlen=BUCKETS)
        self._lock = threading.Lock()  # webhooks are posted in one thread, and shown in another

    def add(self, **fields: Any) -> Capture:
        """Keep a request and its answer."""
        with self._lock:
            capture = Capture(id=self._next, **fields)
            self._next += 1
            self._captures[capture.id] = capture
            self._bytes += capture.size
            while len(self._captures) > self._max_captures or (
                self._bytes > self._max_bytes and len(self._captures) > 1
            ):
                oldest = self._captures.pop(next(iter(self._captures)))
                self._bytes -= oldest.size
            self._count(capture)
        return capture

    def get(self, number: int) -> Capture | None:
        """Return the webhook of this number if it is still stored."""
        return self._captures.get(number)

    def all(self) -> list[Capture]:
        """Return the webhooks, oldest first."""
        with self._lock:
            return list(self._captures.values())

    def chart(self) -> list[dict[str, Any]]:
        """Return the buckets, oldest first, without those in which nothing happened."""
        with self._lock:
            return [bucket.row() for bucket in self._buckets]

    def _count(self, capture: Capture) -> None:
        at = int(capture.at) // BUCKET_SECONDS * BUCKET_SECONDS
        if not self._buckets or self._buckets[-1].at != at:
            self._buckets.append(Bucket(at))
        bucket, answer = self._buckets[-1], capture.answer_document()
        bucket.received += 1
        bucket.rejected += capture.is_refused
        bucket.milliseconds.append(capture.seconds * 1000)
        for name in ("accepted", "queued", "dead_lettered"):
            value = answer.get(name, 0)
            setattr(bucket, name, getattr(bucket, name) + (value if isinstance(value, int) else 0))


def _why(result: str, mapped: Mapped, answer: Mapping[str, Any]) -> str:
    """Return why a webhook was refused, or could not be mapped; its sender is told less."""
    if result == "rejected":
        return mapped.why or str(answer.get("detail", ""))
    return mapped.why if result == "dead_lettered" else ""


def summary(
    capture: Capture,
    config: Config,
    mapped: Mapped = NOT_MAPPED,
    now: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return what the list shows of a webhook; `now` counts its entries by where they are, if they are followed."""
    answer, route = capture.answer_document(), capture.route(config)
    counts = {name: (now or answer).get(name, 0) for name in PLACES}
    if capture.is_refused:
        result = "rejected"
    elif capture.status != HTTPStatus.ACCEPTED:
        result = "handshake"
    else:
        present = [name for name, number in counts.items() if number]
        if present == ["accepted", "delivered"]:  # it arrives just now
            present = ["accepted"]
        result = present[0] if len(present) == 1 else "mixed" if present else "filtered"
    return {
        "id": capture.id,
        "at": datetime.fromtimestamp(capture.at, UTC).isoformat(timespec="milliseconds"),
        "method": capture.method,
        "path": capture.path,
        "route": route.name if route else None,
        "status": capture.status,
        "result": result,
        "why": _why(result, mapped, answer),
        "milliseconds": round(capture.seconds * 1000, 1),
        "bytes": len(capture.body),
        "types": mapped.types,
        "sources": mapped.sources,
        "customers": mapped.customers,
        **counts,
    }

"""Read what was archived in a window of time, one record in memory at a time.

Firehose may write a record twice, and an object may be damaged: the one is dropped, the other reported and passed over.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, NamedTuple, Protocol

from relay.archive.keys import LARGE, prefixes
from relay.archive.record import ArchivedWebhook, InvalidRecord, Pointer, parse

MAX_LINE_BYTES = 16 * 1024 * 1024
"""A body has 8 MiB at most, and base64 a third more."""
REMEMBERED = 100_000
"""Of how many records the ids are remembered, to know one that comes twice: Firehose repeats it within minutes."""
GZIP = b"\x1f\x8b"


class Store(Protocol):
    """The bucket of the archive; every method raises OSError."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in their order."""

    def open(self, key: str) -> IO[bytes] | None:
        """Return an object as a stream, None if there is none."""


class Position(NamedTuple):
    """How far a window has been read: which of its prefixes, the key, and how many lines of that object."""

    prefix: int
    key: str
    lines: int


@dataclass(frozen=True, slots=True)
class Found:
    """A record, and the position after it."""

    webhook: ArchivedWebhook
    position: Position


class Window(NamedTuple):
    """From `since` to before `until`; what is up to a position has been read already."""

    since: datetime
    until: datetime
    after: Position | None = None


def read_window(
    store: Store,
    window: Window,
    report: Callable[[str, str], None],
    go_on: Callable[[Position], bool] = lambda _: True,
) -> Iterator[Found]:
    """Yield what was received in a window, by the hour.

    It ends as soon as `go_on`, which is asked for each line with the position before it, returns False: from there the
    window can be read on. `report` is called with the key, and why, of each object or line that cannot be read. Raise
    OSError.
    """
    since, until, after = window
    seen: dict[int, None] = {}
    for number, prefix in enumerate(prefixes(since, until)):
        for key in store.keys(prefix):
            if after and (number, key) < after[:2]:
                continue
            skipped = after.lines if after and (number, key) == after[:2] else 0
            for place, line in enumerate(_lines(store, key, report), 1):
                if place <= skipped:
                    continue
                if not go_on(Position(number, key, place - 1)):
                    return
                webhook = _webhook(store, key, place, line, report)
                if webhook is None or not since <= webhook.received_at < until:
                    continue
                identity = hash((webhook.route, webhook.webhook_id, webhook.request.request_id))
                if identity in seen:
                    continue
                seen[identity] = None
                if len(seen) > REMEMBERED:
                    del seen[next(iter(seen))]
                yield Found(webhook, Position(number, key, place))


def _lines(store: Store, key: str, report: Callable[[str, str], None]) -> Iterator[bytes]:
    """Yield the lines of an object, compressed or not; what cannot be read of it is reported."""
    stream = store.open(key)
    if stream is None:
        report(key, "it is gone")
        return
    buffered = io.BufferedReader(_Raw(stream))
    try:
        is_compressed = buffered.peek(2)[:2] == GZIP
        content = gzip.GzipFile(fileobj=buffered) if is_compressed else buffered
        while line := content.readline(MAX_LINE_BYTES):
            yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        report(key, f"it is damaged: {error}")


def _webhook(
    store: Store, key: str, place: int, line: bytes, report: Callable[[str, str], None]
) -> ArchivedWebhook | None:
    """Return the webhook of a line, which may be stored elsewhere; None, reported, if it cannot be read."""
    try:
        record = parse(line)
    except InvalidRecord as error:
        report(key, f"line {place}: {error}")
        return None
    if isinstance(record, ArchivedWebhook):
        return record
    return _large(store, record, report)


def _large(store: Store, pointer: Pointer, report: Callable[[str, str], None]) -> ArchivedWebhook | None:
    stream = store.open(pointer.key) if pointer.key.startswith(LARGE) else None
    if stream is None:
        report(pointer.key, "it is gone, or no record of the archive")
        return None
    try:
        record = parse(stream.read())
    except InvalidRecord as error:
        report(pointer.key, str(error))
        return None
    if isinstance(record, ArchivedWebhook):
        return record
    report(pointer.key, "it is a pointer itself")
    return None


class _Raw(io.RawIOBase):
    """A stream that only has `read`, for io.BufferedReader."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # as BufferedReader calls it
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

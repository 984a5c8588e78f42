"""HTTP/1.1 connections of a sender: kept open, one request at a time on each. Reads answers with a Content-Length."""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)

MOST = 500
"""Connections at a time. More webhooks than that wait here, and their latency counts from when they were due."""

Answered = Callable[[int | str], None]
"""Takes the status of an answer, or why there is none."""


class Connection(asyncio.Protocol):
    """One connection. `release` is called with it when it can be used again, `lost` when it is closed."""

    def __init__(self, release: Callable[["Connection"], None], lost: Callable[["Connection"], None]) -> None:
        self._release, self._lost = release, lost
        self._buffer = bytearray()
        self._answered: Answered | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Return whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, answered: Answered) -> None:
        """Send a request; `answered` is called once."""
        self._answered = answered
        assert self._transport  # noqa: S101 - only what is open is handed out
        self._transport.write(request)

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio calls this)."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a stream
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer (asyncio calls this)."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end])
        length = _LENGTH.search(head)
        if not length:
            self._end("an answer without Content-Length")
            self.abort()
        elif len(self._buffer) >= end + 4 + int(length[1]):
            status, is_last = int(head[9:12]), _CLOSE.search(head) is not None
            self._buffer.clear()
            self._end(status)
            if is_last:
                self.abort()
            else:
                self._release(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that nothing will come (asyncio calls this)."""
        self._lost(self)
        self._end(f"connection lost{f': {type(exc).__name__}' if exc else ''}")

    def _end(self, what: int | str) -> None:
        answered, self._answered = self._answered, None
        if answered:
            answered(what)


@dataclass
class Pool:
    """As many connections to one URL as are needed at a time."""

    url: str
    trust: ssl.SSLContext | None = None
    most: int = MOST
    _idle: list[Connection] = field(default_factory=list)
    _open: set[Connection] = field(default_factory=set)
    _opening: set["asyncio.Task[None]"] = field(default_factory=set)
    _waiting: deque[tuple[bytes, Answered]] = field(default_factory=deque)

    @property
    def host(self) -> str:
        """Return the Host of a request."""
        return urlsplit(self.url).netloc

    def send(self, request: bytes, answered: Answered) -> None:
        """Send a request over an idle connection, or over a new one, or as soon as one of the `most` is free."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                connection.send(request, answered)
                return
        if len(self._open) + len(self._opening) < self.most:
            task = asyncio.get_running_loop().create_task(self._send_anew(request, answered))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self._waiting.append((request, answered))

    async def warm(self, number: int) -> None:
        """Open so many connections, before anything is measured."""
        self._idle += [await self._connect() for _ in range(number)]

    async def close(self) -> None:
        """Close every connection, and wait until they are."""
        for connection in list(self._open):
            connection.abort()
        while self._open:  # noqa: ASYNC110 - asyncio tells of each in its next round
            await asyncio.sleep(0)

    async def _send_anew(self, request: bytes, answered: Answered) -> None:
        try:
            connection = await self._connect()
        except OSError as error:
            answered(f"no connection: {type(error).__name__}")
            return
        connection.send(request, answered)

    async def _connect(self) -> Connection:
        parts = urlsplit(self.url)
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._released, self._lost),
            parts.hostname or "",
            parts.port or 0,
            ssl=self.trust,
        )
        self._open.add(connection)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if self._waiting:
            self.send(*self._waiting.popleft())

    def _released(self, connection: Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._idle.append(connection)

"""One kept HTTP/1.1 connection to AWS: `http.client`, with the limits it does not set itself."""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple, Protocol

MAX_BYTES = 1024 * 1024
"""Of an answer. A secret has at most 64 KB, and EventBridge answers an id for each entry."""

MAX_IDLE_SECONDS = 20
"""After this the other side, or a NAT gateway between, may have forgotten the connection without a word.

https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html: "Lambda purges idle connections over time."
"""

_FIRST_FINAL_STATUS = 200


class ConnectionClosed(OSError):
    """The connection ended before the answer did, or what came is no complete HTTP answer."""


class Headers(Protocol):
    """What http.client makes of the headers; they are seldom looked at."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, whose name may be written in any case."""


class Answer(NamedTuple):
    """What a service answered."""

    status: int
    headers: Headers
    content: bytes


class Connection:
    """Open from the start, plain or (with a `context`) TLS; for one request at a time. After an error it is dead."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
        """Connect within `seconds` for each address of the host. Raises OSError: TimeoutError, ssl.SSLError."""
        self._http = (
            HTTPSConnection(host, port, timeout=seconds, context=context)
            if context
            else HTTPConnection(host, port, timeout=seconds)
        )
        self._http.connect()
        self._used = _now()

    def close(self) -> None:
        """Close the socket."""
        self._http.close()

    def is_usable(self) -> bool:
        """Return whether another request may go over it: not idle for long, and not closed by the other side."""
        used_at, now = self._used, _now()
        if (
            self._http.sock is None
            or max(now.wall - used_at.wall, now.monotonic - used_at.monotonic) > MAX_IDLE_SECONDS
        ):
            return False
        # No answer is due: what can be read now is the end of the connection, unless it is TLS's own talk (tickets).
        self._http.sock.settimeout(0)
        try:
            self._http.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def post(self, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
        """Post `body` to the root and return the answer.

        Raises OSError: TimeoutError if the whole answer is not there after `seconds`, else ConnectionClosed.
        """
        self._http.sock.settimeout(seconds)
        self._http.response_class = partial(_Response, time.monotonic() + seconds)  # type: ignore[assignment]
        try:
            sent = self._send(body, headers)
            with self._http.getresponse() as response:
                answer = Answer(response.status, response.headers, _content(response))
                if not sent:
                    self._http.close()
                return answer
        except (HTTPException, ValueError) as error:
            raise ConnectionClosed(f"{type(error).__name__}: {error}") from error
        finally:
            self._used = _now()

    def _send(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Send a request, and return whether all of it was taken.

        Who refuses a large one may answer and hang up before the end of it: that answer says more than the connection.
        """
        try:
            self._http.request("POST", "/", body, headers)
        except ConnectionError:
            return False
        return True


class _Response(HTTPResponse):
    """A response that has to be complete at a deadline, of time.monotonic, and that skips every interim answer."""

    def __init__(self, deadline: float, sock: socket.socket, **how: Any) -> None:
        super().__init__(sock, **how)
        self.fp = io.BufferedReader(_Stream(sock, self.fp.detach(), deadline))

    def begin(self) -> None:
        super().begin()
        while self.status < _FIRST_FINAL_STATUS:  # http.client knows only 100 Continue
            self.headers = None  # type: ignore[assignment]  # as before the first line
            super().begin()


class _Stream(io.RawIOBase):
    """What a socket receives until a deadline. A timeout of the socket alone begins anew with every byte."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, deadline: float) -> None:
        self._sock, self._raw, self._deadline = sock, raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Instant(NamedTuple):
    wall: float
    monotonic: float


def _now() -> _Instant:
    """By both clocks: it is not documented whether the monotonic one goes on while a sandbox is frozen."""
    return _Instant(time.time(), time.monotonic())


def _content(response: HTTPResponse) -> bytes:
    """Return the whole body. Raises ConnectionClosed if that cannot be known, or if it is too large."""
    if not response.chunked and response.length is None:
        raise ConnectionClosed("the answer does not say how long it is")
    if (response.length or 0) > MAX_BYTES:
        raise ConnectionClosed("the answer is too large")
    # With a length, read() insists on all of it, which read(n) does not.
    content = response.read(MAX_BYTES + 1) if response.chunked else response.read()
    if len(content) > MAX_BYTES:
        raise ConnectionClosed("the answer is too large")
    return content

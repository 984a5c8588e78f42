"""One kept HTTP/1.1 connection to AWS: `http.client` reads the responses, with the limits it does not set itself.

The requests are written here, each at once: `http.client` needs two TLS records and a fifth of a webhook's calls.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple, Protocol

MAX_RESPONSE_BYTES = 1024 * 1024
"""The limit of a response body. A secret has at most 64 KB, and EventBridge returns an id for each entry."""

MAX_IDLE_SECONDS = 20
"""The idle time after which the peer, or a NAT gateway between, may have dropped the connection without closing it.

https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html: "Lambda purges idle connections over time."
"""

_FIRST_FINAL_STATUS = 200


class ConnectionClosed(OSError):
    """The connection ended before the response did, or what arrived is no complete HTTP response."""


class Headers(Protocol):
    """The headers of a response, as http.client parses them."""

    def get(self, name: str, /) -> str | None:
        """Return the value of the header `name`, in any case, or None."""


class HttpResponse(NamedTuple):
    """The response of a service."""

    status: int
    headers: Headers
    content: bytes


class Connection:
    """An open connection, with TLS if there is a `context`; for one request at a time, and for none after an error."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
        """Connect within `seconds` for each address of the host. Raise OSError: TimeoutError, ssl.SSLError."""
        plain = socket.create_connection((host, port), seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        except OSError:
            plain.close()
            raise
        self._is_open, self._is_answered = True, True
        self._used = _now()

    def close(self) -> None:
        """Close the socket."""
        self._is_open = False
        self._socket.close()

    def is_usable(self) -> bool:
        """Return whether the idle connection can be reused: not idle for too long, and not closed by the peer.

        The response to a request that nobody received would be taken for that of the next one.
        """
        used_at, now = self._used, _now()
        idle = max(now.wall - used_at.wall, now.monotonic - used_at.monotonic)
        if not self._is_open or not self._is_answered or idle > MAX_IDLE_SECONDS:
            return False
        # No response is due: if the socket is readable, the peer has closed it, except for TLS session tickets.
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def post(self, headers: Mapping[str, str], body: bytes, seconds: float) -> HttpResponse:
        """Post `body` to the root and return the response.

        Raise OSError: TimeoutError if the whole response has not arrived after `seconds`, else ConnectionClosed.
        """
        deadline = time.monotonic() + seconds
        complete = self.send(headers, body, seconds)
        response = self.receive(max(0.0, deadline - time.monotonic()))
        if not complete:
            self.close()
        return response

    def send(self, headers: Mapping[str, str], body: bytes, seconds: float) -> bool:
        """Send a request, and return whether all of it could be sent: `receive` has the response. Raise as `post`.

        A peer that refuses a large request may respond and close the connection before its end: read that response.
        """
        head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if not head.isascii() or head.count("\n") + head.count("\r") != 2 * len(headers):
            raise ConnectionClosed("a header is not one line of ASCII")
        request = f"POST / HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode()
        self._socket.settimeout(seconds)
        self._is_answered = False
        try:
            self._socket.sendall(request + body)
        except ConnectionError:
            return False
        return True

    def receive(self, seconds: float) -> HttpResponse:
        """Return the response to the request that was sent. Raise as `post`."""
        try:
            with _BoundedResponse(time.monotonic() + seconds, self._socket, method="POST") as raw:
                raw.begin()
                response = HttpResponse(raw.status, raw.headers, _read_body(raw))
                self._is_answered = True
                if raw.will_close:
                    self.close()
                return response
        except (HTTPException, ValueError) as error:
            raise ConnectionClosed(f"{type(error).__name__}: {error}") from error
        finally:
            self._used = _now()


class _BoundedResponse(HTTPResponse):
    """A response that must be complete at a deadline (of time.monotonic); interim responses are skipped."""

    def __init__(self, deadline: float, sock: socket.socket, **options: Any) -> None:
        super().__init__(sock, **options)
        self.fp = io.BufferedReader(_DeadlineStream(sock, self.fp.detach(), deadline))

    def begin(self) -> None:
        super().begin()
        while self.status < _FIRST_FINAL_STATUS:  # http.client knows only 100 Continue
            self.headers = None  # type: ignore[assignment]  # as before the first line
            super().begin()


class _DeadlineStream(io.RawIOBase):
    """The bytes that a socket receives until a deadline: its own timeout begins anew with every byte."""

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
    """Return the time of both clocks: it is not documented whether the monotonic one runs while a sandbox is frozen."""
    return _Instant(time.time(), time.monotonic())


def _read_body(response: HTTPResponse) -> bytes:
    """Return the whole body. Raise ConnectionClosed if it has no known end, or is too large."""
    if not response.chunked and response.length is None:
        raise ConnectionClosed("the response does not say how long it is")
    if (response.length or 0) > MAX_RESPONSE_BYTES:
        raise ConnectionClosed("the response is too large")
    # With a length, read() insists on all of it, which read(n) does not.
    content = response.read(MAX_RESPONSE_BYTES + 1) if response.chunked else response.read()
    if len(content) > MAX_RESPONSE_BYTES:
        raise ConnectionClosed("the response is too large")
    return content

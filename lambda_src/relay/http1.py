"""HTTP/1.1 as a client needs it that has one request under way at a time, and wants status and body alone.

http.client reads each answer's headers with the e-mail parser and sends head and body apart: a sixth of a warm webhook,
and its imports a tenth of a cold start. https://www.rfc-editor.org/rfc/rfc9112
"""

import socket
import ssl
from collections.abc import Mapping

_MAX_HEAD = 64 * 1024
_RECEIVED = 64 * 1024
_FIRST_FINAL_STATUS = 200
_WITHOUT_BODY = {204, 304}


class Broken(OSError):
    """The connection ended before the answer did, or the answer is not HTTP/1.1."""


class Connection:
    """Open from the start, plain or (with a `context`) TLS. After an error it is of no use any more."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
        """Raises OSError: TimeoutError after `seconds` for each step, ssl.SSLError."""
        plain = socket.create_connection((host, port), seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            plain.close()
            raise
        self._reusable = True

    def close(self) -> None:
        """Nothing is kept of it."""
        self._socket.close()

    def is_open(self) -> bool:
        """Whether it can take another request.

        One that can be read from while no answer is due has been closed by the other side, unless what there is to
        read is TLS's own talk (session tickets).
        """
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return self._reusable
        except OSError:
            return False
        return False

    def exchange(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError: TimeoutError after `seconds` of silence, Broken."""
        self._reusable = False
        self._socket.settimeout(seconds)
        self._socket.sendall(request)
        status, data = 0, b""
        while status < _FIRST_FINAL_STATUS:  # others come before the answer
            head, data = self._until(b"\r\n\r\n", data)
            status, fields = _parsed(head)
        body, extra = self._body(status, fields, data)
        self._reusable = not extra and b"close" not in fields.get(b"connection", b"").lower()
        return status, body

    def _body(self, status: int, fields: Mapping[bytes, bytes], data: bytes) -> tuple[bytes, bytes]:
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            return self._chunks(data)
        length = fields.get(b"content-length", b"0" if status in _WITHOUT_BODY else None)
        if length is None:
            raise Broken("the answer does not say how long it is")
        if not length.isdigit():
            raise Broken("the answer's length is not a number")
        return self._exactly(int(length), data)

    def _exactly(self, size: int, data: bytes) -> tuple[bytes, bytes]:
        parts, missing = [data], size - len(data)
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        data = b"".join(parts)
        return data[:size], data[size:]

    def _chunks(self, data: bytes) -> tuple[bytes, bytes]:
        chunks = []
        while True:
            line, data = self._until(b"\r\n", data)
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError as error:
                raise Broken("a chunk's length is not a number") from error
            if size == 0:
                break
            chunk, data = self._exactly(size + 2, data)
            chunks.append(chunk[:-2])
        while line:  # what may come after the last chunk ends with an empty line
            line, data = self._until(b"\r\n", data)
        return b"".join(chunks), data

    def _until(self, end: bytes, data: bytes) -> tuple[bytes, bytes]:
        while end not in data:
            if len(data) > _MAX_HEAD:
                raise Broken("the answer's headers do not end")
            data += self._receive()
        before, _, rest = data.partition(end)
        return before, rest

    def _receive(self) -> bytes:
        received = self._socket.recv(_RECEIVED)
        if not received:
            raise Broken("the connection was closed before the answer was complete")
        return received


def _parsed(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise Broken("the answer is not HTTP/1.1")
    named = (line.partition(b":") for line in lines)
    return int(rest[:3]), {name.lower(): value.strip() for name, _, value in named}

"""An answer is what the standard library's HTTP client reads of it, whole or in pieces; or it is refused."""

import http.client
import itertools
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.http1 import Broken, Connection


def over_a_socket(pieces: Sequence[bytes], read: Callable[[int], tuple[int, bytes]]) -> tuple[int, bytes]:
    """What `read` makes of an answer that a server on this port sends in these pieces before it hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            accepted, _ = server.accept()
            with accepted:
                accepted.recv(65536)
                for piece in pieces:
                    accepted.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return read(server.getsockname()[1])
        finally:
            thread.join()


def ours(port: int) -> tuple[int, bytes]:
    connection = Connection("127.0.0.1", port, None, 5)
    try:
        return connection.exchange(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 5)
    finally:
        connection.close()


def theirs(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def outcome(pieces: Sequence[bytes], read: Callable[[int], tuple[int, bytes]]) -> Any:
    try:
        return over_a_socket(pieces, read)
    except (OSError, http.client.HTTPException):
        return "refused"


def cut(content: bytes, places: Sequence[int]) -> list[bytes]:
    at = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in itertools.pairwise(at) if start < end]


FIELDS = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True).filter(lambda name: not name.lower().startswith("c")),
        st.from_regex(r"[ -~]{0,20}", fullmatch=True),
    ).filter(lambda field: field[0].lower() != "transfer-encoding"),
    max_size=5,
)
STATUSES = st.sampled_from([200, 204, 400, 403, 413, 429, 500, 503])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Well-formed answers, with a length or in chunks, some after a 100 Continue."""
    status, body = draw(STATUSES), draw(st.binary(max_size=300))
    lines = [f"HTTP/1.1 {status} Whatever it means"] + [f"{name}: {value}" for name, value in draw(FIELDS)]
    if status == 204:
        body, payload = b"", b""
    elif draw(st.booleans()):
        lines.append(f"{draw(st.sampled_from(['Content-Length', 'content-length']))}: {len(body)}")
        payload = body
    else:
        lines.append("Transfer-Encoding: chunked")
        chunks = [chunk for chunk in cut(body, draw(st.lists(st.integers(0, 300), max_size=3))) if chunk]
        ending = draw(st.sampled_from([b"0\r\n\r\n", b"0;x=y\r\n\r\n", b"000\r\nTrailer: 1\r\n\r\n"]))
        payload = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks) + ending
    before = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    return before + "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


@given(answer=answers(), places=st.lists(st.integers(0, 1000), max_size=5))
def test_it_reads_what_http_client_reads(answer: bytes, places: list[int]) -> None:
    pieces = cut(answer, places)
    assert over_a_socket(pieces, ours) == over_a_socket(pieces, theirs)


@given(answer=answers(), length=st.integers(0, 600))
def test_an_answer_that_is_cut_off_is_never_taken_for_a_whole_one(answer: bytes, length: int) -> None:
    short = answer[: min(length, len(answer) - 1)]
    mine = outcome([short], ours)
    # What is missing after a last chunk of no length changes nothing; http.client overlooks it too.
    assert mine == "refused" or mine == outcome([short], theirs)


@given(noise=st.binary(min_size=1, max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    assert outcome([noise], ours) == "refused"


@pytest.mark.parametrize(
    ("answer", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: Close\r\n\r\n{}", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK", False),
    ],
)
def test_a_connection_is_kept_unless_more_came_than_the_answer_or_the_server_closes(
    answer: bytes, *, reusable: bool
) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            accepted, _ = server.accept()
            with accepted:
                accepted.recv(65536)
                accepted.sendall(answer)
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        connection = Connection("127.0.0.1", server.getsockname()[1], None, 5)
        try:
            assert connection.exchange(b"POST / HTTP/1.1\r\n\r\n", 5) == (200, b"{}")
            assert connection.is_open() is reusable
        finally:
            done.set()
            thread.join()
            connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
    ],
)
def test_what_is_no_answer_says_what_is_wrong_with_it(answer: bytes) -> None:
    with pytest.raises(Broken, match=r"the answer|chunk"):
        over_a_socket([answer], ours)

"""A connection reads the answer that was sent, whole or in pieces, within its limits; or it says that there is none."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from relay.aws.connection import MAX_IDLE_SECONDS, MAX_RESPONSE_BYTES, Connection, ConnectionClosed

Serve = Callable[[socket.socket, threading.Event], None]
"""What a server does with a connection, until the event."""

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"


@contextmanager
def connected(serve: Serve) -> Iterator[Connection]:
    """Return a connection to a server that does this once it has read a request; it hangs up when the block ends."""
    done = threading.Event()

    def run() -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.recv(65536)
            try:
                serve(accepted, done)
            except OSError:  # the other side has had enough
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            with closing(Connection("127.0.0.1", server.getsockname()[1], None, 5)) as connection:
                yield connection
        finally:
            done.set()
            thread.join()


def sending(*pieces: bytes) -> Serve:
    """Send the pieces, and hang up."""

    def serve(accepted: socket.socket, _done: threading.Event) -> None:
        for piece in pieces:
            accepted.sendall(piece)

    return serve


def staying(*pieces: bytes) -> Serve:
    """Send the pieces, and wait."""

    def serve(accepted: socket.socket, done: threading.Event) -> None:
        sending(*pieces)(accepted, done)
        done.wait(10)

    return serve


def read(serve: Serve, seconds: float = 5) -> tuple[int, bytes]:
    with connected(serve) as connection:
        answer = connection.post({}, b"", seconds)
    return answer.status, answer.content


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
INTERIM = [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n"]


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, tuple[int, bytes]]:
    """Well-formed answers, with a length or in chunks, some after an interim answer; and what is to be read."""
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
    before = b"".join(draw(st.lists(st.sampled_from(INTERIM), max_size=2)))
    return before + "\r\n".join(lines).encode() + b"\r\n\r\n" + payload, (status, body)


@given(answer=answers(), places=st.lists(st.integers(0, 1000), max_size=5))
def test_an_answer_is_read_as_it_was_sent_in_whatever_pieces_it_comes(
    answer: tuple[bytes, tuple[int, bytes]], places: list[int]
) -> None:
    sent, expected = answer
    assert read(sending(*cut(sent, places))) == expected


@given(answer=answers(), length=st.integers(0, 600))
def test_an_answer_that_is_cut_off_is_never_taken_for_another(
    answer: tuple[bytes, tuple[int, bytes]], length: int
) -> None:
    sent, expected = answer
    try:
        found = read(sending(sent[: min(length, len(sent) - 1)]))
    except OSError:
        return
    assert found == expected  # nothing was missing but the end of what follows the last chunk, or of the headers


@given(noise=st.binary(min_size=1, max_size=200))
def test_noise_is_no_answer(noise: bytes) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - a reset or ConnectionClosed
        read(sending(noise))


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"2\r\n{}",
        CHUNKED + b"-1\r\n{}",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
    ],
)
def test_what_is_no_complete_answer_is_a_closed_connection(answer: bytes) -> None:
    with pytest.raises(ConnectionClosed):
        read(sending(answer))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (MAX_RESPONSE_BYTES + 1) + bytes(MAX_RESPONSE_BYTES + 1),
        CHUNKED + (b"10000\r\n" + bytes(65536) + b"\r\n") * 17 + b"0\r\n\r\n",
    ],
    ids=["with-a-length", "in-chunks"],
)
def test_an_answer_over_the_limit_is_not_read(answer: bytes) -> None:
    with pytest.raises(ConnectionClosed, match="too large"):
        read(staying(answer))


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\n", LONG, CHUNKED], ids=["status", "head", "body", "chunks"]
)
def test_a_server_that_sends_a_byte_now_and_then_does_not_make_the_time_longer(start: bytes) -> None:
    def drip(accepted: socket.socket, done: threading.Event) -> None:
        accepted.sendall(start)
        while not done.wait(0.05):
            accepted.sendall(b"1")

    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        read(drip, seconds=0.3)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("serve", "usable"),
    [
        (staying(OK), True),
        (staying(OK.replace(b"OK\r\n", b"OK\r\nConnection: Close\r\n")), False),
        (sending(OK), False),
    ],
    ids=["kept", "says-close", "hangs-up"],
)
def test_a_connection_is_usable_unless_the_server_closes_it(serve: Serve, *, usable: bool) -> None:
    with connected(serve) as connection:
        answer = connection.post({}, b"", 5)
        assert (answer.status, answer.content) == (200, b"{}")
        if not usable:
            while connection.is_usable():  # until the end has arrived
                time.sleep(0.001)
        assert connection.is_usable() is usable


@pytest.mark.parametrize(("seconds", "usable"), [(MAX_IDLE_SECONDS - 1, True), (MAX_IDLE_SECONDS + 1, False)])
def test_a_connection_that_was_idle_for_long_is_not_usable(seconds: float, *, usable: bool) -> None:
    """By the wall clock, as after a sandbox was frozen together with its monotonic clock."""
    with connected(staying(OK)) as connection:
        connection.post({}, b"", 5)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
            assert connection.is_usable() is usable


def test_the_monotonic_clock_counts_too_if_the_wall_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(staying(OK)) as connection:
        connection.post({}, b"", 5)
        later = time.monotonic() + MAX_IDLE_SECONDS + 1
        with monkeypatch.context() as patched:
            patched.setattr(time, "monotonic", lambda: later)
            assert not connection.is_usable()


def test_headers_are_found_in_any_case() -> None:
    with connected(sending(OK.replace(b"OK\r\n", b"OK\r\nx-Amzn-requestid: 1-2\r\n"))) as connection:
        assert connection.post({}, b"", 5).headers.get("x-amzn-RequestId") == "1-2"


def test_an_answer_that_comes_before_the_end_of_the_request_is_read_and_the_connection_is_not_used_again() -> None:
    """Who refuses a large request need not read it first."""

    def refuse(accepted: socket.socket, _: threading.Event) -> None:
        accepted.sendall(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\n{}")

    with connected(refuse) as connection:
        answer = connection.post({}, b"x" * 50_000_000, 5)
        assert (answer.status, answer.content) == (413, b"{}")
        assert not connection.is_usable()


def test_a_request_that_nobody_takes_and_nobody_answers_is_a_closed_connection() -> None:
    with connected(sending()) as connection, pytest.raises((ConnectionClosed, ConnectionError)):
        connection.post({}, b"x" * 50_000_000, 5)

"""The adapter to what senders publish, against a server that speaks HTTPS."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from relay import outbound_http, process_cache
from relay.errors import Unavailable

ANSWERS = {
    "/certificate.pem": (200, b"-----BEGIN"),
    "/missing": (404, b"<html>"),
    "/broken": (503, b""),
    "/busy": (429, b""),
    "/moved": (302, b""),
    "/large": (200, b"x" * (outbound_http.MAX_BYTES + 1)),
}


class Handler(BaseHTTPRequestHandler):
    """Answers, and counts how often it was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.asked.append(self.path)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/certificate.pem")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    process_cache.clear()
    Handler.asked = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    process_cache.clear()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_document_is_what_its_server_sends(url: str) -> None:
    assert outbound_http.get(f"{url}/certificate.pem") == b"-----BEGIN"
    assert Handler.asked == ["/certificate.pem"]


@pytest.mark.parametrize("path", ["/missing", "/moved", "/large"])
def test_what_is_no_such_document_is_empty(url: str, path: str) -> None:
    assert outbound_http.get(url + path) == b""
    assert Handler.asked == [path]


@pytest.mark.parametrize("path", ["/broken", "/busy"])
def test_a_server_that_fails_leaves_the_webhook_with_its_sender(url: str, path: str) -> None:
    with pytest.raises(Unavailable):
        outbound_http.get(url + path)


def test_a_host_that_nobody_vouches_for_is_not_read(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    process_cache.clear()
    with pytest.raises(Unavailable):
        outbound_http.get(f"{url}/certificate.pem")

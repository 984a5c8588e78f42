"""`relayctl send`: what it posts over HTTP is authentic to the relay, and becomes events."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relay import config
from relay.entry import Accepted, Entry, Outcome
from relay.pipeline.accept import accept
from tests import doubles
from tests.conftest import http_api_event
from tests.relayctl.conftest import Relayctl

ROUTES = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
"""
ROUTE = """
[[route]]
name = "{name}"
path = "/{name}"
preset = "{name}"
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/{name}" }}
"""
OWN = """
[[route]]
name = "own"
path = "/own"
auth = { scheme = "bearer", secret = "s" }
event = { source = "aws.partner/acme.example/own", detail_type = "t" }
"""
SECRET = "5ec2e7" * 8
NAMES = ("linear", "github", "mailgun", "monday", "pandadoc", "getstream", "stripe")


@dataclass
class Server:
    """A relay behind a real HTTP server: where it is, its relay.toml, and what was put."""

    url: str
    file: Path
    entries: list[Entry] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    file = tmp_path / "relay.toml"
    served: list[Server] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            target = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            served[0].encodings.append(headers.get("content-encoding", ""))
            response, _ = accept(
                http_api_event(target.path, body, headers, query=target.query), services, datetime.now(UTC), lambda: 29
            )
            content = response["body"].encode()
            self.send_response(response["statusCode"])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    def send(batch: Sequence[Entry]) -> Sequence[Outcome]:
        served[0].entries.extend(batch)
        return [Accepted("id")] * len(batch)

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        url = f"http://127.0.0.1:{listening.server_port}"
        head = f'{ROUTES}public_url = "{url}"\n'
        file.write_text(head + "".join(ROUTE.format(name=name) for name in NAMES) + OWN, "utf-8")
        services = doubles.services(config.load(file), read_secret=lambda _: [SECRET], send=send)
        served.append(Server(url, file))
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield served[0]
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("name", NAMES[:5])
def test_without_a_payload_the_sample_of_the_preset_is_sent(relayctl: Relayctl, server: Server, name: str) -> None:
    url = f"{server.url}/{name}"
    result = relayctl("send", name, "--config", str(server.file), "--url", url, "--secret", SECRET)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith(f"The sample of {name} is ")
    assert len(server.entries) == 1


def test_a_header_that_the_preset_reads_is_that_of_the_sample_unless_it_is_given(
    relayctl: Relayctl, server: Server
) -> None:
    url = f"{server.url}/github"
    common = ("send", "github", "-", "--config", str(server.file), "--url", url, "--secret", SECRET)
    for more in ((), ("--header", "x-github-event:issues")):
        assert relayctl(*common, *more, given='{"a":1}').returncode == 0
    assert [entry.detail_type for entry in server.entries] == ["push", "issues"]
    assert [json.loads(entry.detail) for entry in server.entries] == [{"a": 1}] * 2


@pytest.mark.parametrize("name", ["github", "getstream"])  # which sign a compressed body as sent, and decoded
def test_a_compressed_body_is_signed_as_its_sender_does(relayctl: Relayctl, server: Server, name: str) -> None:
    url = f"{server.url}/{name}"
    result = relayctl("send", name, "--config", str(server.file), "--url", url, "--secret", SECRET, "--gzip")
    assert result.returncode == 0, result.stdout
    assert server.encodings == ["gzip"]
    assert json.loads(server.entries[0].detail)


def test_a_route_without_a_preset_needs_a_payload(relayctl: Relayctl, server: Server) -> None:
    arguments = ("send", "own", "--config", str(server.file), "--url", f"{server.url}/own", "--secret", SECRET)
    result = relayctl(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == 'Give a PAYLOAD: route "own" has no preset, so there is no sample.\n'
    assert relayctl(*arguments, "-", given="{}").returncode == 0


def test_what_did_not_arrive_is_said_with_where_to_look(relayctl: Relayctl, server: Server) -> None:
    arguments = ("send", "own", "-", "--config", str(server.file), "--url", f"{server.url}/own", "--secret", SECRET)
    refused = relayctl(*arguments, given="[1]")  # a detail has to be an object
    assert json.loads(refused.stdout)["dead_lettered"] == 1
    assert "see `relayctl dead-letters list`" in refused.stderr
    assert relayctl(*arguments, given="{}").stderr == "202 Accepted\n"

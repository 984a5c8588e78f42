"""`relayctl recover github`, against a server that is written after GitHub's documentation."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from relayctl import github_deliveries
from relayctl.github_deliveries import Hook
from relayctl.sender_api import SenderError
from tests.relayctl.conftest import Relayctl

TOKEN = "a-token"
HOOK = "octo-org/hello-world/42"
PATH = "/repos/octo-org/hello-world/hooks/42/deliveries"


@dataclass
class GitHub:
    """The deliveries of one webhook, newest first, and what was asked for."""

    url: str
    path: str = PATH
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    pages: int = 0
    refusals: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """Status, headers and message of the next answers."""
    refused_attempts: int = 0
    next_page: str = ""
    """Another host than this one, for the next pages."""

    def tried(self, guid: str, status: str, code: int, ago: timedelta, *, redelivery: bool = False) -> int:
        """Add an attempt that came `ago`, and return its id."""
        number = 1000 + len(self.deliveries)
        at = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {"event": "issues", "action": "opened", "installation_id": None, "repository_id": 123}
        outcome = {"status": status, "status_code": code, "duration": 0.03, "redelivery": redelivery}
        self.deliveries.append({"id": number, "guid": guid, "delivered_at": at, **outcome, **event})
        self.deliveries.sort(key=lambda delivery: delivery["delivered_at"], reverse=True)
        return number


class Handler(BaseHTTPRequestHandler):
    """The operations that the documentation describes."""

    github: GitHub

    def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refused(self) -> bool:
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"message": "Bad credentials"})
        elif self.github.refusals:
            status, headers, message = self.github.refusals.pop(0)
            self.answer(status, {"message": message}, headers)
        elif not urlsplit(self.path).path.startswith(self.github.path):
            self.answer(404, {"message": "Not Found"})
        else:
            return False
        return True

    def do_GET(self) -> None:
        if self.refused():
            return
        self.github.pages += 1
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        start, size = int(query.get("cursor", "0")), min(100, int(query.get("per_page", "30")))
        headers = {}
        if start + size < len(self.github.deliveries):
            where = self.github.next_page or self.github.url
            following = f"{where}{self.github.path}?per_page={size}&cursor={start + size}"
            headers["link"] = f'<{following}>; rel="next"'
        self.answer(200, self.github.deliveries[start : start + size], headers)

    def do_POST(self) -> None:
        if self.refused():
            return
        if self.github.refused_attempts:
            self.github.refused_attempts -= 1
            self.answer(422, {"message": "Validation failed, or the endpoint has been spammed."})
            return
        number = int(self.path.removeprefix(f"{self.github.path}/").removesuffix("/attempts"))
        [delivery] = [delivery for delivery in self.github.deliveries if delivery["id"] == number]
        self.github.asked.append(number)
        self.github.tried(delivery["guid"], "OK", 202, timedelta(0), redelivery=True)
        self.answer(202, {})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def github() -> Iterator[GitHub]:
    class Bound(Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Bound) as server:
        Bound.github = GitHub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Bound.github
        server.shutdown()
        thread.join()


def command(github: GitHub, *options: str, hook: str = HOOK, since: str = "1h") -> tuple[str, ...]:
    return ("recover", "github", hook, "--since", since, "--api-url", github.url, "--output", "json", *options)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_what_failed_is_asked_for_once_and_what_was_delivered_since_is_not(relayctl: Relayctl, github: GitHub) -> None:
    github.tried("too-old", "timed out", 504, minutes(90))
    github.tried("delivered", "OK", 202, minutes(50))
    github.tried("recovered", "failed to connect", 502, minutes(40))
    github.tried("recovered", "OK", 202, minutes(20), redelivery=True)
    first = github.tried("first", "Invalid HTTP Response: 503", 503, minutes(30))
    github.tried("twice", "timed out", 504, minutes(10))
    last = github.tried("twice", "Invalid HTTP Response: 401", 401, minutes(5), redelivery=True)
    dry = relayctl(*command(github, "--dry-run"), GITHUB_TOKEN=TOKEN)
    assert dry.returncode == 0, dry.stderr
    assert [(row["delivery id"], row["result"]) for row in json.loads(dry.stdout)] == [
        ("first", "failed"),
        ("twice", "failed"),
    ]
    assert github.asked == []
    done = relayctl(*command(github), GITHUB_TOKEN=TOKEN)
    assert (done.returncode, github.asked) == (0, [first, last]), done.stderr
    assert "2 of 2 failed deliveries were asked for again." in done.stderr
    again = relayctl(*command(github), GITHUB_TOKEN=TOKEN)
    assert (again.returncode, json.loads(again.stdout), github.asked) == (0, [], [first, last])


def test_pages_are_read_until_one_is_older_and_no_further(relayctl: Relayctl, github: GitHub) -> None:
    for number in range(450):
        github.tried(f"event-{number}", "timed out" if number == 199 else "OK", 202, timedelta(seconds=number))
    done = relayctl(*command(github, "--dry-run", since="250s"), GITHUB_TOKEN=TOKEN)
    assert [row["delivery id"] for row in json.loads(done.stdout)] == ["event-199"], done.stderr
    assert github.pages == 3


@pytest.mark.parametrize(
    ("hook", "path"),
    [
        ("octo-org/42", "/orgs/octo-org/hooks/42/deliveries"),
        ("app", "/app/hook/deliveries"),
    ],
)
def test_a_webhook_may_be_an_organizations_or_an_apps(relayctl: Relayctl, github: GitHub, hook: str, path: str) -> None:
    github.path = path
    number = github.tried("a", "timed out", 504, minutes(1))
    assert relayctl(*command(github, hook=hook), GITHUB_TOKEN=TOKEN).returncode == 0
    assert github.asked == [number]


@pytest.mark.parametrize(
    ("hook", "token", "code", "says"),
    [
        (HOOK, "", 2, "Set GITHUB_TOKEN to a token"),
        (HOOK, "wrong", 1, "401, GitHub does not accept the token"),
        ("octo-org/other/42", TOKEN, 1, "404, no such webhook, or the token may not see it"),
        ("octo-org/hello-world", TOKEN, 2, 'expected OWNER/REPOSITORY/ID, ORGANIZATION/ID or app, got "octo-org/hello'),
        ("octo-org/../42", TOKEN, 2, "expected OWNER/REPOSITORY/ID"),
    ],
)
def test_what_is_missing_is_said(
    relayctl: Relayctl, github: GitHub, hook: str, token: str, code: int, says: str
) -> None:
    done = relayctl(*command(github, hook=hook), GITHUB_TOKEN=token)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


def test_the_token_is_sent_to_no_one_else(relayctl: Relayctl, github: GitHub) -> None:
    clear = relayctl("recover", "github", HOOK, "--since", "1h", "--api-url", "http://example.com", GITHUB_TOKEN=TOKEN)
    assert (clear.returncode, 'expected https://…, got "http://example.com"' in clear.stderr) == (2, True)
    for number in range(101):
        github.tried(f"event-{number}", "OK", 202, timedelta(seconds=number))
    github.next_page = "http://elsewhere.invalid"
    done = relayctl(*command(github), GITHUB_TOKEN=TOKEN)
    assert (done.returncode, "a next page elsewhere, at elsewhere.invalid" in done.stderr) == (1, True), done.stderr


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def webhook(github: GitHub, waits: list[float]) -> Iterator[Hook]:
    with github_deliveries.api_client(github.url, TOKEN) as client:
        yield Hook(client, github_deliveries.hook_path(HOOK), waits.append)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ((403, {"retry-after": "7"}, "You have exceeded a secondary rate limit"), 7),
        ((403, {}, "You have exceeded a secondary rate limit"), 60),
        ((429, {}, ""), 60),
        ((403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "API rate limit exceeded"), 1),
    ],
)
def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    github: GitHub, webhook: Hook, waits: list[float], refusal: Any, expected: float
) -> None:
    github.tried("a", "timed out", 504, minutes(1))
    github.refusals.append(refusal)
    assert [delivery.guid for delivery in webhook.failed(datetime.now(UTC) - minutes(5))] == ["a"]
    assert waits == [expected]


def test_a_rate_limit_that_lasts_or_comes_again_ends_it(github: GitHub, webhook: Hook, waits: list[float]) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 1800)
    github.refusals.append((403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, "API rate limit exceeded"))
    with pytest.raises(SenderError, match="run it again after"):
        webhook.failed(datetime.now(UTC))
    assert waits == []
    github.refusals.extend([(429, {"retry-after": "1"}, "")] * 4)
    with pytest.raises(SenderError, match="still reached"):
        webhook.failed(datetime.now(UTC))
    assert waits == [1] * 4


def test_a_403_that_is_no_rate_limit_is_not_tried_again(github: GitHub, webhook: Hook, waits: list[float]) -> None:
    github.refusals.append((403, {}, "Resource not accessible by personal access token"))
    with pytest.raises(SenderError, match="403, no such webhook, or the token may not see it"):
        webhook.failed(datetime.now(UTC))
    assert waits == []


def test_one_that_github_refuses_does_not_stop_the_others(relayctl: Relayctl, github: GitHub) -> None:
    github.tried("a", "timed out", 504, minutes(2))
    second = github.tried("b", "timed out", 504, minutes(1))
    github.refused_attempts = 1
    done = relayctl(*command(github), GITHUB_TOKEN=TOKEN)
    first, last = json.loads(done.stdout)
    assert (done.returncode, github.asked, last["result"]) == (1, [second], "asked for"), done.stderr
    assert first["result"].endswith("422, Validation failed, or the endpoint has been spammed.")
    assert "1 of 2 failed deliveries were asked for again." in done.stderr


@pytest.mark.parametrize(
    "content", [b"<html>", b'{"message": ""}', b'[{"id": 1}]', b"[1]", b'[{"delivered_at": "soon"}]']
)
def test_an_answer_that_is_not_the_documented_one_is_an_error(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with httpx.Client(transport=transport, base_url="https://api.github.com") as client:
        webhook = Hook(client, "/app/hook")
        with pytest.raises(SenderError, match="no list of deliveries"):
            webhook.failed(datetime.now(UTC))

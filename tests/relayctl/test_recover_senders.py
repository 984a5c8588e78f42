"""`relayctl recover svix` and `stripe`: the senders' own libraries make the same requests and read the same answers."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe
from stripe.params import EventListParams, EventListParamsCreated
from svix.api import MessageAttemptListByEndpointOptions, Svix, SvixOptions

from relayctl import stripe_events, svix_attempts
from relayctl.sender_api import SenderError
from relayctl.stripe_events import Events
from relayctl.svix_attempts import Endpoint
from tests.relayctl.conftest import Relayctl
from tests.relayctl.test_send import SECRET, Server, server

__all__ = ["server"]  # a fixture

TOKEN = "testsk_1.eu"
NAME = "app_1/ep_1"
LIST, RESEND = "/api/v1/app/app_1/attempt/endpoint/ep_1", "/api/v1/app/app_1/msg/{}/endpoint/ep_1/resend"
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Api:
    """A server: what it answers to a method and a path, given the query, and what it was asked."""

    url: str
    answers: dict[str, Callable[[dict[str, list[str]]], Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)


@pytest.fixture
def api() -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            target = urlsplit(self.path)
            query, key = parse_qs(target.query), f"{self.command} {target.path}"
            authorized = self.headers["authorization"] == f"Bearer {TOKEN}"
            served.asked.append((key, query))
            status, content = (200, served.answers[key](query)) if authorized else (401, {"code": "a", "detail": "b"})
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served = Api(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield served
        http.shutdown()
        thread.join()


def attempt(message: str, status: int, ago: int) -> dict[str, Any]:
    """Return an attempt as Svix's API lists it, `ago` minutes ago."""
    at = (NOW - timedelta(minutes=ago)).isoformat().replace("+00:00", "Z")
    told = {"status": status, "statusText": {0: "success", 1: "pending", 2: "fail"}[status], "responseStatusCode": 500}
    ids = {"id": f"atmpt_{message}_{ago}", "msgId": message, "endpointId": "ep_1", "url": "https://relay.example.com"}
    sent = {"eventType": "invoice.paid", "payload": {}, "id": message, "timestamp": at}
    return {**ids, **told, "response": "", "responseDurationMs": 1, "triggerType": 0, "timestamp": at, "msg": sent}


ATTEMPTS = [
    attempt("msg_pending", 1, 1),
    attempt("msg_twice", 2, 2),
    attempt("msg_later", 0, 3),
    attempt("msg_twice", 2, 4),
    attempt("msg_later", 2, 5),
    attempt("msg_pending", 2, 6),
    attempt("msg_first", 2, 7),
]


def pages(query: dict[str, list[str]]) -> dict[str, Any]:
    """Return four attempts, newest first, and where the next begin."""
    start = int(query.get("iterator", ["0"])[0])
    return {"data": ATTEMPTS[start : start + 4], "iterator": str(start + 4), "done": start + 4 >= len(ATTEMPTS)}


def test_svix_sends_again_what_never_succeeded_and_is_not_on_its_way(relayctl: Relayctl, api: Api) -> None:
    api.answers = {f"GET {LIST}": pages}
    api.answers |= {f"POST {RESEND.format(name)}": lambda _: {} for name in ("msg_first", "msg_twice")}
    options = ("recover", "svix", NAME, "--since", "1h", "--api-url", api.url, "--output", "json")
    done = relayctl(*options, SVIX_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert [(row["delivery id"], row["event"], row["result"]) for row in json.loads(done.stdout)] == [
        ("msg_first", "invoice.paid", "asked for"),
        ("msg_twice", "invoice.paid", "asked for"),
    ]
    assert [key for key, _ in api.asked[2:]] == [f"POST {RESEND.format(name)}" for name in ("msg_first", "msg_twice")]


def test_svixs_own_library_makes_the_same_requests_and_reads_the_same_answers(api: Api) -> None:
    api.answers = {f"GET {LIST}": pages, f"POST {RESEND.format('msg_first')}": lambda _: {}}
    since = NOW - timedelta(hours=1)
    with svix_attempts.api_client(api.url, TOKEN) as client:
        endpoint = Endpoint(client, NAME)
        [first, _] = endpoint.failed(since)
        endpoint.redeliver(first)
    ours, api.asked = [api.asked[0], api.asked[-1]], []
    library = Svix(TOKEN, SvixOptions(server_url=api.url)).message_attempt
    options = MessageAttemptListByEndpointOptions(limit=250, after=since, with_content=False, with_msg=True)
    listed = library.list_by_endpoint("app_1", "ep_1", options)
    library.resend("app_1", "msg_first", "ep_1")
    assert api.asked == ours
    assert [(one.msg_id, int(one.status)) for one in listed.data] == [(a["msgId"], a["status"]) for a in ATTEMPTS[:4]]


@pytest.mark.parametrize(
    ("token", "url"), [("sk_1.us", "https://api.us.svix.com"), ("sk_1.evil.example", "https://api.svix.com")]
)
def test_svixs_api_is_that_of_the_tokens_region(token: str, url: str) -> None:
    assert svix_attempts.api_url(token) == url


def event(name: str, ago: int) -> dict[str, Any]:
    """Return an event as Stripe's API lists it, `ago` minutes ago."""
    created = int((NOW - timedelta(minutes=ago)).timestamp())
    told = {"type": "invoice.paid", "livemode": False, "pending_webhooks": 1, "api_version": "2026-10-29"}
    data = {"object": {"id": "in_1", "object": "invoice", "note": "Zoë's"}}
    return {"id": name, "object": "event", "created": created, "data": data, "request": None, **told}


EVENTS = [event("evt_3", 1), event("evt_2", 2), event("evt_1", 3)]


def events(query: dict[str, list[str]]) -> dict[str, Any]:
    """Return two events, newest first."""
    ids = [one["id"] for one in EVENTS]
    start = ids.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
    data = EVENTS[start : start + 2]
    return {"object": "list", "url": "/v1/events", "data": data, "has_more": start + 2 < len(EVENTS)}


def test_what_stripe_has_not_delivered_is_signed_here_and_becomes_events(
    relayctl: Relayctl, api: Api, server: Server
) -> None:
    api.answers = {"GET /v1/events": events}
    route = ("stripe", "--config", str(server.file), "--secret", SECRET, "--url", f"{server.url}/stripe")
    command = ("recover", "stripe", *route, "--since", "1h", "--api-url", api.url, "--output", "json")
    dry = relayctl(*command, "--dry-run", STRIPE_API_KEY=TOKEN)
    assert (dry.returncode, len(json.loads(dry.stdout)), server.entries) == (0, 3, []), dry.stderr
    done = relayctl(*command, STRIPE_API_KEY=TOKEN)
    assert (done.returncode, {row["result"] for row in json.loads(done.stdout)}) == (0, {"posted"}), done.stderr
    assert "3 of 3 failed deliveries were posted." in done.stderr
    assert [json.loads(entry.detail)["id"] for entry in server.entries] == ["evt_1", "evt_2", "evt_3"]
    wrong = relayctl(*command, "--secret", "another", STRIPE_API_KEY=TOKEN)
    assert (wrong.returncode, len(server.entries)) == (1, 3)
    assert json.loads(wrong.stdout)[0]["result"].endswith("401 Unauthorized")


def test_stripes_own_library_makes_the_same_requests_and_reads_the_same_answers(api: Api) -> None:
    api.answers = {"GET /v1/events": events}
    since, posted = NOW - timedelta(hours=1), list[bytes]()
    with stripe_events.api_client(api.url, TOKEN) as client:
        ours = Events(client, ["invoice.paid"], posted.append)
        found = ours.failed(since)
        ours.redeliver(found[0])
    assert [one.guid for one in found] == ["evt_1", "evt_2", "evt_3"]
    assert json.loads(posted[0]) == EVENTS[2]
    mine, api.asked = api.asked, []
    library = stripe.StripeClient(TOKEN, base_addresses={"api": api.url}).v1.events
    created: EventListParamsCreated = {"gte": int(since.timestamp())}
    params: EventListParams = {"delivery_success": False, "created": created, "limit": 100, "types": ["invoice.paid"]}
    assert [one.id for one in library.list(params).auto_paging_iter()] == ["evt_3", "evt_2", "evt_1"]
    assert api.asked == mine


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b'{"data": [{"id": 1}]}', b'{"data": 1, "has_more": true}'])
def test_an_answer_that_is_not_the_documented_one_is_an_error(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with httpx.Client(transport=transport, base_url="https://api.example.com") as client:
        for deliveries in (Endpoint(client, NAME), Events(client, [], lambda _: None)):
            with pytest.raises(SenderError, match="the answer is no list of"):
                deliveries.failed(NOW)


@pytest.mark.parametrize(
    ("command", "variable", "token", "code", "says"),
    [
        (("svix", NAME), "SVIX_TOKEN", "", 2, "Set SVIX_TOKEN to"),
        (("svix", NAME), "SVIX_TOKEN", "wrong", 1, "401, Svix does not accept the token"),
        (("svix", "app_1/../x"), "SVIX_TOKEN", TOKEN, 2, "expected APP/ENDPOINT"),
    ],
)
def test_what_is_missing_is_said(
    relayctl: Relayctl, api: Api, command: tuple[str, ...], variable: str, token: str, code: int, says: str
) -> None:
    done = relayctl("recover", *command, "--since", "1h", "--api-url", api.url, **{variable: token})
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr

"""What no request may do, on every preset: change what it means, or be proven by an answer that anybody gets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import config
from relay.auth.shared_secret import NoScheme
from relay.config.model import Config
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Accepted, Entry, Outcome
from relay.pipeline.accept import accept
from relay.pipeline.results import RejectedRequest
from tests import doubles
from tests.conftest import http_api_event
from tests.genuine import NOW, PATH, PRESETS, SECRET, Genuine, genuine

CONTENT_TYPES = (
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b0",
    "multipart/mixed; boundary=x",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/jsonl",
    "application/jwt",
    "text/plain",
    "text/xml",
)
CHARSETS = ("", "; charset=utf-8", "; charset=iso-8859-1", "; charset=utf-16", "; charset=utf-7", "; charset=cp037")
EXTRA: tuple[dict[str, str], ...] = (
    {},
    {"ce-specversion": "1.0", "ce-id": "evil", "ce-source": "/evil", "ce-type": "payout.paid", "ce-tenant": "victim"},
    {"content-encoding": "gzip"},
    {"x-http-method-override": "PUT", "x-forwarded-host": "evil.example", "x-original-url": "/evil"},
    {"content-disposition": "form-data; name=evil"},
)

Reached = tuple[list[dict[str, Any]], list[Message]]


def post(
    relay: Config,
    secrets: Sequence[str],
    body: bytes,
    headers: Mapping[str, str],
    query: str = "",
    method: str = "POST",
    now: datetime = NOW,
) -> tuple[dict[str, Any], Reached]:
    put: list[dict[str, Any]] = []
    stored: list[Message] = []

    def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
        put.extend(dict(entry.wire()) for entry in entries)
        return [Accepted("id")] * len(entries)

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        stored.extend(messages)
        return [None] * len(messages)

    services = doubles.services(
        relay,
        read_secret=lambda _: secrets,
        send=send,
        store=store,
        fetch=lambda *_: b"",
    )
    event = http_api_event(PATH, body, headers, query=query, method=method)
    answer, _ = accept(event, services, now, lambda: 29)
    return answer, (put, stored)


def posted(sender: Genuine, headers: Mapping[str, str]) -> tuple[int, Reached]:
    answer, reached = post(sender.relay, sender.secrets, sender.body, headers, sender.query)
    return answer["statusCode"], reached


@pytest.mark.parametrize("name", PRESETS)
def test_a_genuine_request_is_taken(name: str) -> None:
    sender = genuine(name)
    status, (put, stored) = posted(sender, sender.headers)
    if sender.relay.routes[0].response_body:
        assert status == 200
    else:
        assert status == 202
    assert (len(put), stored) == (1, [])


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_not_signed_makes_the_same_entries_of_a_genuine_request_or_none(name: str) -> None:
    sender = genuine(name)
    _, (expected, _) = posted(sender, sender.headers)
    for content_type in CONTENT_TYPES:
        for charset in CHARSETS:
            for extra in EXTRA:
                headers = {**sender.headers, "content-type": content_type + charset, **extra}
                status, (put, stored) = posted(sender, headers)
                assert put in ([], expected), (content_type, charset, extra)
                assert bool(put) == (status < 300)
                assert stored == [], (content_type, charset, extra)


def answers_for_anybody(relay: Config, secrets: Sequence[str]) -> list[tuple[str, str]]:
    """Return what is asked, and what anybody is told, for each handshake that wants no proof."""
    found = []
    for handshake in relay.routes[0].handshakes:
        if handshake.authenticate:
            continue
        for asked in ("0123456789abcdef0123", "a" * 32, "challenge", "{}", "1"):
            names = {name for path in handshake.when.paths() for name in path[1:2]}
            query = urlencode(dict.fromkeys(names, asked))
            body = json.dumps(dict.fromkeys(names, asked)).encode()
            headers = {name.replace("_", "-"): asked for name in names}
            for about in ({"query": query}, {"body": body}, {"headers": headers}):
                sent: dict[str, Any] = {"query": "", "body": b"", "headers": {}} | about
                answer, (put, stored) = post(relay, secrets, method=handshake.method, **sent)
                assert (put, stored) == ([], [])
                if answer["statusCode"] < 300:
                    found.append((asked, answer["body"]))
                    found += [(asked, str(value)) for value in answer["headers"].values()]
    return found


ROUTES = {name: genuine(name).relay.routes[0] for name in PRESETS}
PROVE = [name for name, route in ROUTES.items() if route.handshakes and not isinstance(route.auth, NoScheme)]


@pytest.mark.parametrize("name", PROVE)
def test_no_answer_that_anybody_gets_proves_a_webhook(name: str) -> None:
    sender = genuine(name)
    secrets = sender.secrets or (SECRET,)
    for asked, told in answers_for_anybody(sender.relay, secrets):
        signatures = {told, told.rpartition("|")[2]}
        for signature in signatures:
            fields = {"bt_signature": told, "bt_payload": asked, "merchant": "victim"}
            bodies = (asked.encode(), json.dumps({"challenge": asked}).encode(), urlencode(fields).encode())
            proof = {header: signature for header in sender.headers if header != "content-type"}
            for body in bodies:
                for content_type in ("application/json", "application/x-www-form-urlencoded"):
                    answer, reached = post(sender.relay, secrets, body, {**proof, "content-type": content_type})
                    assert reached == ([], []), (body, answer)


ORACLE = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "own"
path = "/hook"
auth = {{ scheme = "hmac", secret = "s", signature = "${{headers.x_signature}}", content = "{content}"{covers} }}
event = {{ source = "aws.partner/acme.example/own", detail_type = "t" }}
[[route.handshake]]
when = "${{query.challenge}}"
method = "{method}"
authenticate = false
pattern = '{pattern}'
sign = "${{query.challenge}}"
text = "${{hmac}}"
{more}
"""
OTHER = """
[[route]]
name = "other"
path = "/other"
auth = { scheme = "hmac", secret = "s", signature = "${headers.x_signature}", content = "${body}" }
event = { source = "aws.partner/acme.example/other", detail_type = "t" }
"""


@settings(max_examples=200)
@given(
    challenge=st.one_of(
        st.sampled_from(['{"customer":"victim"}', "[1]", '"text"', "12345678901234567890"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64),
    ),
    method=st.sampled_from(["GET", "POST"]),
    pattern=st.sampled_from(["[a-f0-9]{20,32}", r"\{.*\}", ".*", "[0-9]+", "(?s).+"]),
    content=st.sampled_from(["${body}", "${headers.x_part}"]),
    other=st.booleans(),
)
def test_no_handshake_of_a_route_of_ones_own_signs_webhooks_for_anybody(
    challenge: str, method: str, pattern: str, content: str, *, other: bool
) -> None:
    covers = "" if content == "${body}" else ', signs = "part-of-body"'
    text = ORACLE.format(content=content, covers=covers, method=method, pattern=pattern, more=OTHER if other else "")
    relay = config.parse(text, "relay.toml")
    answer, _ = post(relay, ["k"], b"", {}, urlencode({"challenge": challenge}), method)
    if answer["statusCode"] != 200:
        return
    for path in [PATH, "/other"] if other else [PATH]:
        routed = replace(relay, routes=tuple(replace(one, path=PATH) for one in relay.routes if one.path == path))
        headers = {"x-signature": answer["body"], "x-part": challenge}
        _, reached = post(routed, ["k"], challenge.encode(), headers)
        assert reached == ([], [])


def test_a_path_that_could_be_another_path_and_a_query_proves_nothing() -> None:
    sender = genuine("square")
    event = http_api_event(PATH, sender.body, sender.headers)
    event["rawPath"] = f"{PATH}?tenant=victim"
    relay = replace(sender.relay, routes=(replace(sender.relay.routes[0], path="/{customer}"),))
    services = doubles.services(
        relay,
        read_secret=lambda _: sender.secrets,
        send=lambda _: [],
        store=lambda _queue, _messages: [],
        fetch=lambda *_: b"",
    )
    answer, outcome = accept(event, services, NOW, lambda: 29)
    assert answer["statusCode"] == 401
    assert isinstance(outcome, RejectedRequest)
    assert "question mark" in outcome.rejection.reason

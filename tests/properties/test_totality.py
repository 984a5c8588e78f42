"""The law that comes first: whatever a stranger sends, a step returns its value or raises its one error."""

import base64
import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import config
from relay.auth.context import VerificationContext
from relay.config import presets
from relay.config.model import Config
from relay.config.route import Route
from relay.delivery import message
from relay.delivery.message import Message
from relay.entry import Failed, refusal
from relay.errors import MappingError, Rejected, Unauthorized
from relay.http import request, routing
from relay.http.request import Request
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON
from relay.templates.template import TemplateError, compile_template
from relay.webhook import Webhook
from tests import every_preset
from tests.conftest import NOW, http_api_event
from tests.doubles import nothing_is_published
from tests.handler import handle
from tests.properties import strategies
from tests.shapes import FORM, JSON, MULTIPART, SHAPES

PARTNER = "aws.partner/acme.example"
TEMPLATES = {
    "source": "${body.source || 'aws.partner/acme.example/c42'}",
    "detail_type": "${body.type}",
    "time": "${body.time || received_at}",
    "resources": "${body.resources || `[]`}",
    "region": "${body.region || 'us-east-1'}",
}
SIGNATURE_HEADERS = [
    *("webhook-id", "webhook-timestamp", "webhook-signature"),
    *("stripe-signature", "x-hub-signature-256", "x-shopify-hmac-sha256"),
]
ODD_SIGNATURES = ["v1,", "v1,é", "v1", "sha256=", "sha256=é", "t=1795417794,v1=\ud800", "t=,v1=", "nan", "-1"]
signatures = st.one_of(strategies.texts, st.sampled_from([*ODD_SIGNATURES, "1795417794"]))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("config") / "relay.toml"
    event = "\n".join(f"{name} = {json.dumps(template)}" for name, template in TEMPLATES.items())
    routes = [
        f'[[route]]\nname = "{preset}"\npath = "/{preset}"\npreset = "{preset}"\n'
        f'auth = {{ secret = "s" }}\n[route.event]\n{event}\n'
        for preset in ("standard-webhooks", "github", "stripe", "shopify")
    ]
    path.write_text(f'partner = "{PARTNER}"\nregions = ["us-east-1"]\n' + "".join(routes))
    return config.load(path)


@given(body=st.text(), flagged=st.booleans(), path=st.text(), headers=st.dictionaries(st.text(), st.text()))
def test_parsing_a_request(body: str, flagged: bool, path: str, headers: dict[str, str]) -> None:
    event = http_api_event(path, headers=headers) | {"body": body, "isBase64Encoded": flagged}
    with contextlib.suppress(Rejected):
        posted = request.parse_event(event, 100)
        routing.match_route(
            [type("R", (), {"path": "/a/{b}", "methods": frozenset({"POST"})})()], posted.method, posted.path
        )


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return every_preset.load(tmp_path_factory.mktemp("every"))


def refused_or_greeted(event: Any, config: Config) -> int:
    """Return the status of a request that nobody signed: it is answered, by rule, and reaches nothing."""
    reached = every_preset.Reached()
    answer = handle(event, reached.services(config), NOW)
    assert answer["statusCode"] in {200, 204, 400, 401, 403, 404, 405, 413}
    assert reached.things == []
    return int(answer["statusCode"])


bodies = st.one_of(
    strategies.odd_json,
    st.binary(max_size=50),
    strategies.values.map(lambda value: json.dumps(value).encode()),
    st.builds(
        lambda shape, size: base64.b64decode(shape("/", {}, size)["body"]),
        st.sampled_from([*SHAPES.values()]),
        st.integers(0, 3000),
    ),
)
content_types = st.sampled_from([JSON, FORM, MULTIPART, "application/cloudevents+json", "a; charset=é", ""])


@st.composite
def requests(draw: st.DrawFn, routes: Sequence[Route]) -> dict[str, Any]:
    """Return what a stranger sends to a route, with everything right but a part or two; or what nobody sends."""
    route = draw(st.sampled_from(routes))
    headers = every_preset.plausible_headers(route)
    for name in draw(st.lists(st.sampled_from(sorted(headers)), max_size=2)) if headers else ():
        spelled = draw(st.sampled_from([name, name.upper(), name.replace("-", "_"), name + " "]))
        headers[spelled] = draw(st.one_of(strategies.texts, st.just(headers[name]), signatures))
    headers["content-type"] = draw(content_types)
    method = draw(st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "OPTIONS", "get", "\ud800"]))
    query = draw(st.one_of(st.just(""), strategies.texts, st.just("%ED%A0%80=%ff&a=1;b")))
    event: Any = http_api_event(
        route.path + draw(st.sampled_from(["", "", "", "/", "/\ud800"])), draw(bodies), method=method, query=query
    )
    event["headers"] = headers
    if draw(st.booleans()):
        event |= {
            "httpMethod": method,
            "path": route.path,
            "requestContext": {"requestId": "a"},
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
        }
    for key in draw(
        st.lists(st.sampled_from([*event, "multiValueQueryStringParameters", "queryStringParameters"]), max_size=1)
    ):
        event[key] = draw(strategies.values)
    return cast(dict[str, Any], event)


@given(data=st.data())
@settings(max_examples=1000)
def test_whatever_the_event_it_is_answered_and_nothing_unauthentic_reaches_anything(
    every: Config, data: st.DataObject
) -> None:
    refused_or_greeted(data.draw(requests(every.routes) | strategies.values), every)


@pytest.mark.parametrize("preset", sorted(presets.load()))
def test_each_preset_answers_every_shape_and_nothing_unauthentic_reaches_anything(every: Config, preset: str) -> None:
    [route] = [route for route in every.routes if route.name == preset]
    headers = every_preset.plausible_headers(route)
    for shape in SHAPES.values():
        refused_or_greeted(shape(route.path, headers, 3000), every)
    for name in headers:
        for odd in ODD_SIGNATURES:
            event = http_api_event(route.path, b"{}", headers | {name: odd})
            assert refused_or_greeted(event, every) >= 400


@given(
    body=st.binary(max_size=50),
    headers=st.dictionaries(st.sampled_from(SIGNATURE_HEADERS), signatures),
    secrets=st.lists(strategies.texts, max_size=3),
)
def test_authenticating_what_was_not_signed(
    loaded: Config, body: bytes, headers: dict[str, str], secrets: list[str]
) -> None:
    for route in loaded.routes:
        with pytest.raises(Unauthorized):
            route.auth.verify(
                Request("POST", "/", "", headers, body, ""), VerificationContext("", secrets, NOW, nothing_is_published)
            )


@given(
    body=st.one_of(
        strategies.odd_json,
        st.binary(max_size=50),
        strategies.values.map(lambda value: json.dumps(value).encode()),
        st.dictionaries(st.sampled_from(["type", "source", "time", "resources", "region"]), strategies.values).map(
            lambda value: json.dumps(value).encode()
        ),
    ),
    content_type=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "", "é"]),
    query=st.text(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_mapping_what_an_authentic_sender_may_post(loaded: Config, body: bytes, content_type: str, query: str) -> None:
    headers = {"content-type": content_type, "x-github-event": "push", "x-shopify-topic": "a"}
    posted = Request("POST", "/", query, headers, body, "request-1")
    for route in loaded.routes:
        webhook = Webhook.unverified(route, posted, {}, NOW)
        try:
            for entry in to_entries(parse_webhook(webhook), loaded, lambda entry, _: entry):
                assert entry.size > 0
                json.dumps(entry.wire()).encode()
                if refusal(entry, PARTNER) is None:
                    assert isinstance(strict_json.parse(entry.detail), dict)
        except MappingError as error:
            failed = Failed("MappingError", str(error))
            written = Message(message.origin_of(webhook, "id"), posted, failed)
            assert message.parse(written.text()) == replace(written, content=replace(posted, request_id=""))
        except Rejected:
            pass


@given(st.text())
def test_parsing_json(text: str) -> None:
    with contextlib.suppress(NotJSON):
        value = strict_json.parse(text)
        assert strict_json.parse(strict_json.dump(value)) == value


@given(st.text(st.sampled_from("${}'\"`\\.[]*@&|?!,:()abody 1"), max_size=30))
def test_compiling_and_filling_a_template(text: str) -> None:
    scope: dict[str, Any] = {"body": {"a": 1, "b": ["x", None, {"c": 1.5}]}}
    try:
        template = compile_template(text, ("body", "a", "b"))
    except TemplateError:
        return
    with contextlib.suppress(MappingError):
        template.value(scope)
        template.render(scope)

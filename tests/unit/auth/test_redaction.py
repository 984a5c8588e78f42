"""What proved a webhook is dropped: no secret is mapped, delivered or stored."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import config
from relay.auth import scope
from relay.auth.json_web_token import JwtScheme
from relay.auth.redaction import MARKER, redact
from relay.auth.shared_secret import SharedSecretScheme
from relay.auth.signature import SignatureScheme
from relay.config import presets
from relay.config.route import Route
from relay.delivery import message
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.entry import Failed
from relay.errors import CannotSign, ConfigError
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import compile_template
from relay.webhook import Webhook
from relayctl import senders
from relayctl.signing import sign
from tests import doubles
from tests.conftest import NOW, Load, http_api_event
from tests.handler import handle

SECRET = 'top "secret"/é&=+'
TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "a"
path = "/a"
auth = {{ scheme = "api-key", secret = "s", {auth} }}
{more}
[route.event]
source = "aws.partner/acme.example/a"
detail_type = "${{body.type}}"
"""
BODY, FORM, MULTIPART = body_formats.JSON, 'body_format = "form"', 'body_format = "multipart"'


def own(load: Load, auth: str, more: str = "") -> Route:
    return load(TOML.format(auth=auth, more=more)).routes[0]


def spellings(secret: str) -> set[str]:
    """How a text may stand in what is stored."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return {
        secret,
        quote(secret),
        quote_plus(secret),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        raw.hex(),
    } | encoded


def stored(request: Request) -> str:
    """All that a reader of the queue can see of it, its body decoded."""
    letter = json.loads(Message(message.Origin("a", "1", "2026-11-23T07:09:54Z"), request, Failed("", "")).text())
    return json.dumps(letter) + base64.b64decode(letter["webhook"]["body"]).decode("utf-8", "replace")


def posted(body: bytes, headers: dict[str, str] | None = None, query: str = "") -> Request:
    return Request("POST", "/a", query, headers or {}, body, "")


@pytest.mark.parametrize(
    ("auth", "request_", "left"),
    [
        (
            'token = "${headers.x_key}"',
            posted(b"{}", {"x-key": SECRET, "x-other": "o"}),
            posted(b"{}", {"x-other": "o"}),
        ),
        ('token = "${headers.x_key}"', posted(b"{}", {"x-copy": SECRET, "x-key": SECRET}), posted(b"{}")),
        ('token = "${headers.x_key}"', posted(b'["a=b"]', {"x-key": "a=b"}), posted(b'["a=b"]')),
        ('token = "${query.code}"', posted(b"{}", query="a=1&code=x&b=%20&code=y"), posted(b"{}", query="a=1&b=%20")),
        ("token = '${query.\"a.b\"}'", posted(b"{}", query="a.b=x&a=1"), posted(b"{}", query="a=1")),
        ('token = "${to_string(headers.x_key)}"', posted(b"{}", {"x-key": SECRET}), posted(b"{}")),
        ('token = "${headers | x_key}"', posted(b"{}", {"x-key": SECRET, "a": "b"}), posted(b"{}", {"a": "b"})),
    ],
)
def test_a_header_or_parameter_goes_with_its_name(load: Load, auth: str, request_: Request, left: Request) -> None:
    assert Webhook.unverified(own(load, auth), request_, {}, NOW).request == left


@pytest.mark.parametrize(
    ("auth", "body", "left"),
    [
        (
            'token = "${body.key}"',
            b'{ "key" : "correct\\u002dhorse", "n":1.50, "e": "\xc3\xa9 correct-horse-race" }',
            b'{ "key" : "removed-by-the-relay", "n":1.50, "e": "\xc3\xa9 correct-horse-race" }',
        ),
        (
            'token = "${body.pin}"',
            b'{"pin": 1.5e1, "n": 15.0}',
            b'{"pin": "removed-by-the-relay", "n": "removed-by-the-relay"}',
        ),
        (
            'token = "${powertools_json(body.inner).key}"',
            b'{"n": "{\\"a\\": 1}", "inner": "{\\"key\\": \\"correct-horse\\"}"}',
            b'{"n": "{\\"a\\": 1}", "inner": "{\\"key\\": \\"removed-by-the-relay\\"}"}',
        ),
        (
            'each = "${body.value}", token = "${item.state}"',
            b'{"value":[{"state":"correct-horse"},{"state":"correct-horse","a":1}]}',
            b'{"value":[{"state":"removed-by-the-relay"},{"state":"removed-by-the-relay","a":1}]}',
        ),
    ],
)
def test_inside_a_body_a_marker_stands_for_it_and_every_other_byte_stays(
    load: Load, auth: str, body: bytes, left: bytes
) -> None:
    assert Webhook.unverified(own(load, auth), posted(body), {}, NOW).request.body == left


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=30).filter(lambda text: text.strip()),
    before=st.text(max_size=5),
    ascii_only=st.booleans(),
)
def test_no_spelling_of_a_secret_in_a_body_is_left(secret: str, before: str, ascii_only: bool) -> None:
    scheme = SharedSecretScheme(None, "api-key", compile_template("${body.key}", ["body"]))
    other = "".join(character for character in before if character not in secret)
    body = json.dumps({"key": secret, "n": [other, {secret: 1}]}, ensure_ascii=ascii_only).encode()
    left = redact(posted(body), scheme, BODY)
    assert json.loads(left.body) == {"key": MARKER, "n": [other, {MARKER: 1}]}
    assert redact(left, scheme, BODY) == left


TOKENS = ["${body}", "${body.key}", "${headers.a}", "${query.a}", "${body[0]}${headers.a}", "${join('', keys(body))}"]


@given(st.binary(max_size=200), st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_whatever_is_posted_there_is_something_left(body: bytes, query: str, headers: dict[str, str]) -> None:
    for token in (
        "${body}",
        "${body.key}",
        "${headers.a}",
        "${query.a}",
        "${body[0]}${headers.a}",
        "${join('', keys(body))}",
    ):
        scheme = SharedSecretScheme(None, "api-key", compile_template(token, ["body", "headers", "query"]))
        left = redact(posted(body, headers, query), scheme, BODY)
        assert redact(left, scheme, BODY) == left


def test_a_form_has_a_marker_instead(load: Load) -> None:
    form = f"a=%20&key={quote_plus(SECRET)}&b".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    left = Webhook.unverified(own(load, 'token = "${body.key}"', FORM), posted(form, headers), {}, NOW).request
    assert left.body == f"a=%20&key={MARKER}&b".encode()


def test_a_field_of_a_form_that_is_json_has_a_marker_inside(load: Load) -> None:
    def form(key: str) -> bytes:
        return f"a=%7B%7D&payload={quote_plus(json.dumps({'key': key, 'n': [1.5, 'é']}))}".encode()

    headers = {"content-type": "application/x-www-form-urlencoded"}
    auth = own(load, 'token = "${powertools_json(body.payload).key}"', FORM)
    assert Webhook.unverified(auth, posted(form(SECRET), headers), {}, NOW).request.body == form(MARKER)


def test_a_part_of_several_lines_has_a_marker_instead(load: Load) -> None:
    form = '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n{}\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    sent = posted(form.format("correct\nhorse\r\nbattery").encode(), headers)
    left = Webhook.unverified(own(load, 'token = "${body.key}"', MULTIPART), sent, {}, NOW).request
    assert left.body == form.format(MARKER).encode()


def test_a_part_of_a_multipart_form_has_a_marker_instead(load: Load) -> None:
    form = f'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n{SECRET}\r\n--b--\r\n'.encode()
    headers = {"content-type": "multipart/form-data; boundary=b"}
    left = Webhook.unverified(own(load, 'token = "${body.key}"', MULTIPART), posted(form, headers), {}, NOW).request
    assert left.body == form.replace(SECRET.encode(), MARKER.encode())


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("${body.type}", "${headers.x_key}", "event.detail_type"),
        ('/a"\ndetail', '/${headers.x_key}"\ndetail', "event.source"),
        ("[route.event]", 'delivery_id = "${headers.x_key || body.id}"\n[route.event]', "id"),
    ],
)
def test_what_needs_the_proof_is_a_mistake_of_relay_toml(load: Load, old: str, new: str, key: str) -> None:
    text = TOML.format(auth='token = "${headers.x_key}"', more="")
    assert old in text
    with pytest.raises(ConfigError, match=rf"{key}: expected anything but \$\{{headers.x_key\}}"):
        load(text.replace(old, new, 1))


def test_every_preset_says_where_its_proof_is_so_that_it_can_be_dropped() -> None:
    """Whatever its scheme: of what its token or signature takes from headers and query, nothing is left."""
    dropped = set()
    for name, preset in presets.load().items():
        auth = presets.load().get(preset.get("extends", ""), {}).get("auth", {}) | preset.get("auth", {})
        text = auth.get("token") or auth.get("signature")
        if not text:
            assert auth.get("scheme") in {None, "bearer", "basic", "sns", "paypal", "jwt", "none"}, name
            continue
        template = compile_template(text, (*scope.NAMES, "item"))
        scheme = (
            SignatureScheme(None, template, template) if "signature" in auth else JwtScheme(None, template, "RS256")
        )
        paths = {path for path in template.paths() if path[0] in {"headers", "query"}}
        headers = {path[1].replace("_", "-"): "proof" for path in paths if path[0] == "headers"}
        query = "&".join(f"{path[1]}=proof" for path in paths if path[0] == "query")
        assert "proof" not in stored(redact(posted(b"{}", headers, query), scheme, BODY)), name
        dropped |= {name} if paths else set()
    assert len(dropped) > 130


def dead_letter(preset: str, secret: str) -> Message | None:
    """Return a sender's authentic webhook that could not be mapped; None if only the sender can make one."""
    try:
        relay = config.parse(
            f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://relay.example.com"
[[route]]
name = "a"
path = "/a"
preset = "{preset}"
{'verify_token = "t"' if preset == "meta" else ""}
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/a", detail_type = "${{body.no.such.thing}}" }}
""",
            "relay.toml",
        )
        sample = senders.sample(preset)
        request = Request("POST", "/a", sample.query, sample.headers, sample.body, "")
        request = sign(relay.routes[0], secret, request, "https://relay.example.com/a")
    except (ConfigError, CannotSign):  # a public key or a certificate; a signature inside the body
        return None
    kept: list[Message] = []

    def store(_queue: Queue, messages: Sequence[Message]) -> list[str | None]:
        kept.extend(messages)
        return [None] * len(messages)

    services = doubles.services(
        relay,
        read_secret=lambda _: [secret],
        send=lambda _: [],
        store=store,
    )
    event = http_api_event("/a", request.body, request.headers, query=request.query)
    answer = handle(event, services, datetime.now(UTC))
    assert answer["statusCode"] in {200, 202, 400}, (preset, answer)  # 400: this sender's bodies are no JSON
    return kept[0] if kept else None


def test_what_waits_for_a_person_holds_no_secret_of_any_sender() -> None:
    looked_at = set()
    for preset in presets.load():
        for secret in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ab" * 16):
            if letter := dead_letter(preset, secret):
                looked_at.add(preset)
                assert isinstance(letter.content, Request)
                text = letter.text() + stored(letter.content)
                assert [one for one in spellings(secret) if one in text] == [], preset
    assert {"msgraph", "livechat", "eventgrid", "gitlab", "telegram", "github", "stripe", "shopify"} <= looked_at
    assert len(looked_at) > 115

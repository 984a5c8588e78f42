"""One webhook that somebody has seen, sent again in other pieces: it never becomes another customer's."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import pytest

from relay import config
from relay.config.model import Config
from relay.entry import Accepted, Entry, Outcome
from relay.errors import ConfigError
from relay.templates.template import compile_template
from tests import doubles
from tests.conftest import NOW, http_api_event
from tests.handler import handle

SECRET = "0123456789abcdef0123456789abcdef"
TIME = str(int(NOW.timestamp()))
HMAC = 'scheme = "hmac", secret = "s", signature = "${headers.x_sig}"'
TIMED = f'{HMAC}, timestamp = "${{headers.x_time}}"'
BODY = b'{"id":"1"}'


def relay(auth: str, source: str = "fixed", path: str = "/hook/{customer}", more: str = "") -> Config:
    """One route of these; its partner is aws.partner/acme.example."""
    return config.parse(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://hooks.acme.example"
[[route]]
name = "hook"
path = "{path}"
{more}
auth = {{ {auth} }}
event = {{ source = "{source if "bus =" in more else f"aws.partner/acme.example/{source}"}", detail_type = "a" }}
""",
        "relay.toml",
    )


class Receiver:
    """Posts webhooks to a relay, and remembers what each customer got."""

    def __init__(self, relay: Config) -> None:
        self.sources: list[str] = []
        self._relay = relay
        self._idempotency = doubles.Remembered(remembers=True)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Return the status."""
        services = doubles.services(
            self._relay,
            read_secret=lambda _: [SECRET],
            send=self._send,
            idempotency=self._idempotency,
        )
        code: int = handle(http_api_event(path, body, headers), services, NOW)["statusCode"]
        return code

    def _send(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        self.sources += [entry.source for entry in entries]
        return [Accepted("id")] * len(entries)


def mac(content: str) -> str:
    """Return what the sender would put into X-Sig."""
    return hmac.digest(SECRET.encode(), content.encode(), sha256).hex()


def test_a_time_has_one_spelling_so_that_no_zero_of_an_id_moves_into_it() -> None:
    receiver = Receiver(relay(f'{TIMED}, content = "${{headers.x_id}}${{timestamp}}${{body}}"', "${headers.x_id}"))
    signed = {"x-sig": mac(f"100{TIME}" + BODY.decode())}
    assert receiver.post("/hook/a", BODY, {**signed, "x-id": "100", "x-time": TIME}) == 202
    assert receiver.post("/hook/a", BODY, {**signed, "x-id": "1", "x-time": f"00{TIME}"}) == 401
    assert receiver.sources == ["aws.partner/acme.example/100"]


def test_a_header_does_not_end_in_the_beginning_of_what_separates_it() -> None:
    receiver = Receiver(
        relay(f'{HMAC}, content = "${{headers.x_id}}--${{headers.x_other}}--${{body}}"', "${headers.x_id}")
    )
    signed = {"x-sig": mac("acme---1--" + BODY.decode())}
    assert receiver.post("/hook/a", BODY, {**signed, "x-id": "acme", "x-other": "-1"}) == 202
    assert receiver.post("/hook/a", BODY, {**signed, "x-id": "acme-", "x-other": "1"}) == 401


@pytest.mark.parametrize("more", ["#victim", "\n", "\t"])
def test_a_path_holds_nothing_that_a_parser_of_urls_drops(more: str) -> None:
    receiver = Receiver(relay('secret = "s"', "${path.customer}", more='preset = "contentful"\n'))
    names = "x-contentful-timestamp,x-contentful-signed-headers"
    headers = {"x-contentful-timestamp": f"{TIME}000", "x-contentful-signed-headers": names}
    listed = ";".join(f"{name}:{headers[name]}" for name in names.split(","))
    headers |= {"x-contentful-signature": mac(f"POST\n/hook/acme\n{listed}\n" + BODY.decode())}
    headers |= {"x-contentful-topic": "a"}
    assert receiver.post("/hook/acme", BODY, headers) == 202
    assert receiver.post(f"/hook/acme{more}", BODY, headers) == 401


BODY_BESIDE = [
    f'{HMAC}, content = "${{url}}${{body}}"',
    f'{HMAC}, content = "${{url}}.${{body}}"',
    f'{HMAC}, content = "${{body}}${{url}}"',
    f'{HMAC}, content = "${{body}}.${{headers.x_id}}"',
    f'{HMAC}, content = "${{canonical.hook0}}"',
    f'{HMAC}, content = "${{canonical.jcs}}"',
    f'{TIMED}, content = "${{body}}${{timestamp}}"',
    'scheme = "sns", topics = ["arn:aws:sns:us-east-1:111111111111:orders"]',
]


@pytest.mark.parametrize("body", ["form", "text", "json-lines", "multipart"])
@pytest.mark.parametrize("auth", BODY_BESIDE)
def test_a_body_whose_ends_are_not_told_by_itself_is_not_signed_beside_something_else(auth: str, body: str) -> None:
    assert relay(auth).routes
    with pytest.raises(ConfigError, match='body_format: expected "json"'):
        relay(auth, more=f'body_format = "{body}"')


@pytest.mark.parametrize(
    "auth",
    [
        f'{HMAC}, content = "${{body}}"',
        f'{TIMED}, content = "v0:${{timestamp}}:${{body}}"',
        f'{TIMED}, content = "${{timestamp}}.${{body}}"',
        f'{TIMED}, content = "${{headers.x_id}}.${{timestamp}}.${{body}}"',
        f'{HMAC}, content = "${{canonical.contentful}}", timestamp = "${{headers.x_contentful_timestamp}}"',
        'scheme = "jwt", algorithm = "HS256", secret = "s", claims = { a = "${sha256.body.hex}" }',
        'scheme = "bearer", secret = "s"',
    ],
)
def test_a_body_of_any_format_is_signed_alone_or_after_what_ends_for_sure(auth: str) -> None:
    for body in ("form", "text", "json-lines", "multipart"):
        assert relay(auth, more=f'body_format = "{body}"').routes


@pytest.mark.parametrize(
    "content", ["${url}.${headers.x_id}", "${url}|${body.id}", "${body.id}|${url}", "${headers.x_a}.${url}.${body.id}"]
)
def test_a_url_beside_something_that_may_hold_the_separator_is_not_proven(content: str) -> None:
    with pytest.raises(ConfigError, match="is not signed"):
        relay(f'{HMAC}, signs = "part-of-body", content = "{content}"', "${path.customer}")


@pytest.mark.parametrize("content", ["${url}.${timestamp}.${body}", "${timestamp}.${url}", "${headers.x_a}.${url}"])
def test_a_url_beside_something_that_does_not_is_proven(content: str) -> None:
    covers = "" if "body" in content else ', signs = "part-of-body"'
    assert relay(f'{TIMED}{covers}, content = "{content}${{timestamp}}"', "${path.customer}").routes


def test_a_time_of_either_unit_delimits_nothing() -> None:
    auth = f'{TIMED}, timestamp_unit = "s-or-ms", content = "${{timestamp}}${{headers.x_id}}", signs = "part-of-body"'
    with pytest.raises(ConfigError, match="is not signed"):
        relay(auth, "${headers.x_id}")


@pytest.mark.parametrize("name", ["acme/${path.a}-${path.b}", "acme/${path.a}${path.b}", "acme/${path.a}.x.${path.b}"])
def test_no_two_customers_have_the_name_of_one_secret(name: str) -> None:
    auth = f'scheme = "hmac", signature = "${{headers.x_sig}}", content = "${{body}}", secret = "{name}"'
    with pytest.raises(ConfigError, match=r'auth.secret: expected a "/" between'):
        relay(auth, "${path.a}", "/hook/{a}/{b}")
    assert relay(auth.replace(name, "acme/${path.a}/${path.b}"), "${path.a}", "/hook/{a}/{b}").routes


@pytest.mark.parametrize("claim", ["${length(sha256.body.hex)}", "${@ && `1`}", "${sha256.body.hex == 'a'}"])
def test_a_claim_proves_the_body_only_if_it_is_the_digest_itself(claim: str) -> None:
    with pytest.raises(ConfigError, match="is not signed"):
        relay(f'scheme = "jwt", algorithm = "HS256", secret = "s", claims = {{ a = "{claim}" }}', "${body.customer}")


@pytest.mark.parametrize("auth", ['scheme = "api-key", token = "${headers.x_key}", secret = "s"', 'scheme = "none"'])
@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("acme.${path.customer}", 'bus = "orders"'),
        ("${path.customer}", "allow_forgeable_source = true"),
    ],
)
def test_the_same_webhook_of_two_customers_is_no_repeat(auth: str, source: str, more: str) -> None:
    receiver = Receiver(relay(auth, source, more=f'{more}\ndedupe = true\ndelivery_id = "${{body.id}}"'))
    for customer in ("one", "two", "one"):
        assert receiver.post(f"/hook/{customer}", BODY, {"x-key": SECRET}) == 202
    assert [source[-3:] for source in receiver.sources] == ["one", "two"]


def test_a_signed_id_of_two_customers_is_no_repeat_either() -> None:
    auth = f'{HMAC}, content = "${{body}}"'
    more = 'bus = "orders"\ndedupe = true\ndelivery_id = "${body.id}"\nunique_delivery_id = true'
    receiver = Receiver(relay(auth, "acme.${path.customer}", more=more))
    for customer in ("one", "two", "one"):
        assert receiver.post(f"/hook/{customer}", BODY, {"x-sig": mac(BODY.decode())}) == 202
    assert receiver.sources == ["acme.one", "acme.two"]


def test_a_repeat_with_another_header_does_not_take_the_place_of_what_it_repeats() -> None:
    auth = f'{HMAC}, content = "${{body}}"'
    made = relay(auth, more='dedupe = true\ndelivery_id = "${body.id}"\nunique_delivery_id = true')
    [route] = made.routes
    when = compile_template("${headers.x_kind == 'order'}", ["headers"])
    receiver = Receiver(replace(made, routes=(replace(route, event=route.event._replace(when=when)),)))
    signed = {"x-sig": mac(BODY.decode())}
    assert receiver.post("/hook/a", BODY, {**signed, "x-kind": "ping"}) == 202
    assert receiver.sources == []
    assert receiver.post("/hook/a", BODY, {**signed, "x-kind": "order"}) == 202
    assert len(receiver.sources) == 1


def test_a_header_at_the_end_of_what_is_signed_may_be_anything() -> None:
    receiver = Receiver(relay(f'{HMAC}, content = "${{body}}.${{headers.x_id}}"', "${headers.x_id}"))
    headers = {"x-id": "a.b", "x-sig": mac(BODY.decode() + ".a.b")}
    assert receiver.post("/hook/a", BODY, headers) == 202


@pytest.mark.parametrize("content", ["${secret}${body}", "v0:${secret}${body}", "${timestamp}${secret}${body}"])
def test_a_plain_hash_that_does_not_end_with_the_secret_is_for_json(content: str) -> None:
    auth = TIMED.replace('"hmac"', '"hash"') if "timestamp" in content else HMAC.replace('"hmac"', '"hash"')
    assert relay(f'{auth}, content = "{content}"').routes
    with pytest.raises(ConfigError, match="without a closing bracket"):
        relay(f'{auth}, content = "{content}"', more='body_format = "form"')
    assert relay(
        f'{auth}, content = "{content.replace("${secret}", "")}${{secret}}"', more='body_format = "form"'
    ).routes


def test_what_anybody_gets_signed_is_known_wherever_the_secret_may_be_the_same() -> None:
    text = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
"""
    for name, sender, secret in (
        ("a", "braintree", "acme/${path.customer}"),
        ("b", "github", "acme/${path.tenant}"),
        ("c", "github", "other/${path.tenant}"),
    ):
        auth = {"secret": secret} | ({"public_key_id": "p"} if sender == "braintree" else {})
        pairs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in auth.items())
        parameter = secret.partition(".")[2].rstrip("}")
        text += f"""
[[route]]
name = "{name}"
path = "/{name}/{{{parameter}}}"
preset = "{sender}"
auth = {{ {pairs} }}
event = {{ source = "aws.partner/acme.example/{name}" }}
"""
    patterns = [getattr(one.auth, "refused_contents", None) for one in config.parse(text, "relay.toml").routes]
    assert patterns == [("[a-f0-9]{20,32}",), ("[a-f0-9]{20,32}",), ()]

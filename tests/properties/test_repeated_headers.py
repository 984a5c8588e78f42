"""A signature header that came twice is refused, for every preset; the gateway joins the two with a comma."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from relay import config
from relay.auth.context import VerificationContext
from relay.auth.scheme import Scheme
from relay.auth.scope import headers_in
from relay.auth.shared_secret import SharedSecretScheme
from relay.auth.signature import SignatureScheme
from relay.config import presets
from relay.errors import CannotSign, ConfigError, Unauthorized
from relay.http.request import Request
from relayctl.signing import sign
from tests.doubles import nothing_is_published

BASE = "https://hooks.acme.example"
SECRET = "ab" * 32  # hex, base64 and text
REQUEST = Request("POST", "/hook", "", {"content-type": "application/json"}, b'{"id":"1"}', "")


@dataclass(frozen=True)
class Genuine:
    """A webhook that is authentic, and in which of its headers the proof is."""

    scheme: Scheme
    request: Request
    header: str

    def accepted_with(self, value: str) -> bool:
        """Whether it is still authentic if `value` is in that header."""
        request = replace(self.request, headers={**self.request.headers, self.header: value})
        try:
            self.scheme.verify(request, VerificationContext(BASE, [SECRET], datetime.now(UTC), nothing_is_published))
        except Unauthorized:
            return False
        return True


def genuine(name: str) -> Iterator[Genuine]:
    """Yield a webhook of this preset, if relayctl can sign as its sender does, in one header."""
    text = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "{BASE}"
[[route]]
name = "route"
path = "/hook"
preset = "{name}"
{'verify_token = "token"' if name == "meta" else ""}
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/a", detail_type = "a" }}
"""
    try:
        (route,) = config.parse(text, "relay.toml").routes
        request = sign(route, SECRET, REQUEST, f"{BASE}/hook")
    except (ConfigError, CannotSign):
        return
    if isinstance(route.auth, SignatureScheme | SharedSecretScheme):
        where = route.auth.signature if isinstance(route.auth, SignatureScheme) else route.auth.token
        for header in headers_in(where):
            yield Genuine(route.auth, request, header)


# Paddle's tolerance is 5 seconds: fresh ones are made where they are used.
NAMES = [name for name in presets.load() if list(genuine(name))]


def test_relayctl_can_sign_as_most_of_the_senders_do() -> None:
    assert len(NAMES) > 100


@given(name=st.sampled_from(NAMES), joined=st.sampled_from([",", ", ", " ,", ",\t"]))
def test_the_same_header_twice_is_refused(name: str, joined: str) -> None:
    (webhook,) = genuine(name)
    value = webhook.request.headers[webhook.header]
    assert webhook.accepted_with(value)
    assert not webhook.accepted_with(value + joined + value)


@given(name=st.sampled_from(NAMES), joined=st.sampled_from([",", ", "]), other=st.text(st.characters(codec="ascii")))
def test_another_header_beside_it_is_refused_unless_the_sender_writes_lists_with_commas(
    name: str, joined: str, other: str
) -> None:
    (webhook,) = genuine(name)
    value = webhook.request.headers[webhook.header]
    if isinstance(webhook.scheme, SignatureScheme) and "," not in webhook.scheme.list_separator:
        assert not webhook.accepted_with(value + joined + other)
        assert not webhook.accepted_with(other + joined + value)

"""Signatures in lists, and the prefixes of secrets: as senders really write them, and in one spelling."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
import standardwebhooks

from relay.auth.context import VerificationContext
from relay.config.model import Config
from relay.errors import Unauthorized
from relay.http.request import Request
from tests.conftest import NOW, Load
from tests.doubles import nothing_is_published
from tests.unit.auth.test_signature import VALID

BODY = b'{"id":"1"}'
SECONDS, MILLISECONDS = str(int(NOW.timestamp())), str(int(NOW.timestamp()) * 1000)


def route(load: Load, preset: str) -> Config:
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "route"
path = "/hook"
preset = "{preset}"
auth = {{ secret = "acme/secret" }}
event = {{ source = "aws.partner/acme.example/a" }}
"""
    )


def accepts(config: Config, headers: dict[str, str], secret: str = "secret", body: bytes = BODY) -> bool:
    request = Request("POST", "/hook", "", headers, body, "id")
    known = VerificationContext("", [secret], datetime.fromtimestamp(NOW.timestamp(), UTC), nothing_is_published)
    try:
        config.routes[0].auth.verify(request, known)
    except Unauthorized:
        return False
    return True


def digest(content: bytes, key: bytes = b"secret") -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("separator", [",", ", ", ",\t", " , ", ",  "])
def test_spaces_around_the_items_of_a_list_mean_nothing(load: Load, separator: str) -> None:
    # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1; WorkOS writes one behind the comma.
    signature = digest(f"{MILLISECONDS}.".encode() + BODY)
    header = separator.join([f"t={MILLISECONDS}", f"v1={signature}"])
    assert accepts(route(load, "workos"), {"workos-signature": header})


@pytest.mark.parametrize("change", [("v1=", "v1 ="), ("v1=", "v1= "), ("t=", "t ="), ("t=", "t= "), ("v1=", "V1=")])
def test_spaces_inside_an_item_and_other_labels_are_refused(load: Load, change: tuple[str, str]) -> None:
    header = f"t={MILLISECONDS}, v1={digest(f'{MILLISECONDS}.'.encode() + BODY)}"
    assert not accepts(route(load, "workos"), {"workos-signature": header.replace(*change)})


@pytest.mark.parametrize("joined", [",", ", "])
@pytest.mark.parametrize("second", ["the same", "another", "junk", "only the time"])
def test_a_header_that_came_twice_is_refused_where_its_list_has_another_separator(
    load: Load, joined: str, second: str
) -> None:
    header = f"ts={SECONDS};h1={digest(f'{SECONDS}:'.encode() + BODY)}"
    other = {
        "the same": header,
        "another": f"ts={SECONDS};h1={digest(b'x')}",
        "junk": "x",
        "only the time": f"ts={SECONDS}",
    }[second]
    paddle = route(load, "paddle")
    assert accepts(paddle, {"paddle-signature": header})
    assert not accepts(paddle, {"paddle-signature": header + joined + other})
    assert not accepts(paddle, {"paddle-signature": other + joined + header})


def test_a_header_with_two_signatures_that_came_twice_is_refused(load: Load) -> None:
    # With `,` between version and signature, only the items at the seam look odd.
    headers = dict(VALID["headers"])
    old = f"v1,{'A' * 43}="
    for both in (f"{headers['webhook-signature']} {old}", f"{old} {headers['webhook-signature']}"):
        for joined in (",", ", "):
            twice = headers | {"webhook-signature": both + joined + both}
            request = Request("POST", "/hook", "", twice, VALID["body"].encode(), "id")
            known = VerificationContext(
                "", [VALID["secret"]], datetime.fromtimestamp(VALID["now"], UTC), nothing_is_published
            )
            with pytest.raises(Unauthorized):
                route(load, "standard-webhooks").routes[0].auth.verify(request, known)


def test_a_prefix_may_name_an_environment(load: Load) -> None:
    key = "0123456789abcdef0123456789abcdef"
    header = {"x-inngest-signature": f"t={SECONDS}&s={digest(BODY + SECONDS.encode(), key.encode())}"}
    inngest = route(load, "inngest")
    for prefix in ("signkey-prod-", "signkey-test-", "signkey-branch-", "signkey-eu_1-", ""):
        assert accepts(inngest, header, prefix + key), prefix
    for prefix in ("signkey--", "signkey-a.b-", "Signkey-prod-", "signkey-prod", "-"):
        assert not accepts(inngest, header, prefix + key), prefix


def test_a_secret_that_is_only_a_prefix_is_none(load: Load) -> None:
    header = {"x-inngest-signature": f"t={SECONDS}&s={digest(BODY + SECONDS.encode(), b'')}"}
    assert not accepts(route(load, "inngest"), header, "signkey-prod-")


def test_a_sender_that_writes_hex_in_upper_case_is_compared_so(load: Load) -> None:
    signature = hmac.new(b"secret", BODY, hashlib.sha512).hexdigest()
    authorizenet = route(load, "authorizenet")
    assert accepts(authorizenet, {"x-anet-signature": f"sha512={signature.upper()}"})
    assert not accepts(authorizenet, {"x-anet-signature": f"sha512={signature}"})
    assert not accepts(authorizenet, {"x-anet-signature": f"SHA512={signature.upper()}"})


def test_a_sender_that_sends_its_header_twice_while_its_secret_is_rotated(load: Load) -> None:
    # Mollie, https://docs.mollie.com/reference/webhooks-best-practices
    old, new = digest(BODY, b"old"), digest(BODY, b"new")
    mollie = route(load, "mollie-next")
    for joined in (",", ", "):
        header = {"x-mollie-signature": f"sha256={old}{joined}sha256={new}"}
        assert accepts(mollie, header, "old")
        assert accepts(mollie, header, "new")
        assert not accepts(mollie, header, "older")
        assert not accepts(mollie, {"x-mollie-signature": f"sha256={old}{joined}sha256={old}"}, "old")


@pytest.mark.parametrize("key", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "polar_whs_old", "whsec_not base64"])
def test_polars_secrets_are_decoded_or_not_as_their_age_says(load: Load, key: str) -> None:
    # https://github.com/polarsource/polar/blob/main/server/polar/webhook/tasks.py
    headers = {"webhook-id": "1", "webhook-timestamp": SECONDS}
    content = f"1.{SECONDS}.".encode() + BODY
    polar = route(load, "polar")
    as_it_is = base64.b64encode(hmac.digest(key.encode(), content, "sha256")).decode()
    assert accepts(polar, headers | {"webhook-signature": f"v1,{as_it_is}"}, key)
    assert not accepts(polar, headers | {"webhook-signature": f"v1,{as_it_is}"}, key + "x")
    if key.startswith("whsec_M"):
        decoded = standardwebhooks.Webhook(key).sign("1", NOW, BODY.decode())
        assert accepts(polar, headers | {"webhook-signature": decoded}, key)

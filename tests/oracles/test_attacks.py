"""The attacks that real verifiers fell for, on every scheme: all are refused, none is an error, nothing is stored."""

import hmac
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

import pytest

from relay.config.model import Config
from tests.conftest import Load
from tests.oracles import signers
from tests.oracles.attacked import BODY_NOT_SIGNED, answered, name, relay, signed
from tests.oracles.signers import SIGNERS, Signed

__all__ = ["name", "relay", "signed"]  # fixtures
SIGNS_THE_URL = {"square", "twilio", "plivo", "messagebird", "hubspot-v2"}
TIMED = {
    "standard-webhooks",
    "svix",
    "stripe",
    "slack",
    "paddle",
    "standard-webhooks-v1a",
    "discord",
    "sendgrid",
    "messagebird",
    "pubsub",
    "wix",
}
WITHOUT_SECRET = {
    "discord",
    "kinde",
    "paddle-classic",
    "paypal",
    "pubsub",
    "sendgrid",
    "sns",
    "standard-webhooks-v1a",
    "wix",
}


def for_each(names: Iterable[str]) -> pytest.MarkDecorator:
    """Run a test for these senders instead of for all."""
    return pytest.mark.parametrize("name", sorted(names), indirect=True)


def test_the_requests_that_are_attacked_would_have_passed(relay: Config, signed: Signed) -> None:
    assert answered(relay, signed) in {200, 202}


@for_each(SIGNERS.keys() - BODY_NOT_SIGNED)
def test_a_body_changed_by_one_bit(relay: Config, signed: Signed) -> None:
    for position in (0, len(signed.body) // 2, len(signed.body) - 1):
        body = bytearray(signed.body)
        body[position] ^= 1
        assert answered(relay, replace(signed, body=bytes(body))) == 401


@for_each(SIGNERS.keys() - BODY_NOT_SIGNED)
def test_a_body_cut_off_or_with_more_behind_it(relay: Config, signed: Signed) -> None:
    for body in (b"", signed.body[:-1], signed.body + b"x"):
        assert answered(relay, replace(signed, body=body)) == 401


def test_a_key_changed_by_one_bit(name: str, load: Load, relay: Config, signed: Signed) -> None:
    other = SIGNERS[name]()  # where there is no secret, each has its own pair of keys
    if signed.secret:
        position = len(signed.secret) // 2
        changed = chr(ord(signed.secret[position]) ^ 1)
        assert answered(relay, signed, [signed.secret[:position] + changed + signed.secret[position + 1 :]]) == 401
    elif signed.published:
        assert answered(relay, replace(signed, published=other.published)) == 401
    else:
        assert answered(signers.config(load, name, other), signed) == 401


@for_each(SIGNERS.keys() - WITHOUT_SECRET)
@pytest.mark.parametrize("secrets", [[], [""], [" \n"], ["", ""]])
def test_no_secret_an_empty_one_or_none_that_is_usable(relay: Config, signed: Signed, secrets: list[str]) -> None:
    assert signed.secret
    assert answered(relay, signed, secrets) == 401
    # An empty secret is a key that everybody has.
    empty = hmac.new(b"", signed.body, sha256).hexdigest()
    for header in signed.headers:
        forged = replace(signed, headers=signed.headers | {header: empty})
        assert answered(relay, forged, secrets) == 401


@for_each(SIGNS_THE_URL)
def test_a_url_that_is_not_the_one_that_was_signed(relay: Config, signed: Signed) -> None:
    for query in ("a=0", "a=1&b=2", ""):
        assert answered(relay, signed, query=query) == 401


@for_each(TIMED)
def test_a_webhook_from_yesterday_or_tomorrow(relay: Config, signed: Signed) -> None:
    for later in (-86400, 86400):
        assert answered(relay, signed, later=later) == 401

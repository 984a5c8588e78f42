"""Attacks by another spelling or shape, on every scheme: of a header, a time, a body, or any part of a request."""

import base64
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relay import config
from relay.config.model import Config
from tests.conftest import Load
from tests.oracles import signers
from tests.oracles.attacked import BODY_NOT_SIGNED, answered, name, relay, signed
from tests.oracles.signers import SIGNERS, Signed

__all__ = ["name", "relay", "signed"]  # fixtures
SIGNS_A_MEANING = {
    "twilio",
    "plivo",
    "paddle-classic",
    "sns",
}  # of a form or of named fields; not each byte of the body
UNSIGNED_HEADERS = {"content-type", "x-github-event", "paypal-cert-url"}

LISTS = {"webhook-signature": " ", "svix-signature": " ", "stripe-signature": ",", "paddle-signature": ";"}


def spoilt(value: str) -> Iterator[str]:
    """Return what a header of a signature, an id or a time may be instead."""
    yield from ("", " ", "é", "\x00", "nan", "-1", "1e400", "0", "=" * 33, "a" * 100_000, "v1,", "null", "☃" * 40)
    yield from (value[:-1], value[1:], value + "x", value + "\x00", value + "=", value + "!", f"{value}{value}")
    yield from (f"{value},{value}", f"{value} {value}", f"{value};{value}")  # a repeated header
    yield from (value.upper(), value.swapcase(), value[::-1], value.replace("=", ""), value.replace("+", " "))
    for other in ("sha1", "sha512", "v0", "v2", "v1a", "md5", "none"):
        for mine in ("sha256", "v1", "h1"):
            yield value.replace(mine, other)
    digest = value.rpartition("=")[2] or value
    for recode in (base64.b64encode, base64.b32encode, base64.b85encode, bytes.hex):
        coded = recode(digest.encode())
        yield value.replace(digest, coded if isinstance(coded, str) else coded.decode())


def test_a_header_missing_empty_cut_off_doubled_or_in_another_spelling(relay: Config, signed: Signed) -> None:
    for header in signed.headers.keys() - UNSIGNED_HEADERS:
        value = signed.headers[header]
        for other in {one for one in spoilt(value) if one != value}:
            headers = signed.headers | {header: other}
            if _is_a_list_with_it(header, value, other):
                continue
            assert answered(relay, replace(signed, headers=headers)) == 401, (header, other[:60])
        without = {one: text for one, text in signed.headers.items() if one != header}
        assert answered(relay, replace(signed, headers=without)) == 401


def _is_a_list_with_it(header: str, value: str, other: str) -> bool:
    """Whether the sender's kind of list still has the whole signature in it, once: what is beside it is passed over."""
    separator = LISTS.get(header)
    return separator is not None and other.split(separator).count(value.rsplit(separator, maxsplit=1)[-1]) == 1


@pytest.mark.parametrize("unit", ["[", '{"a":', '[{"a":', "a[", "a=", "%5B", "--b\r\n"])
def test_a_body_that_is_nested_deeply_or_made_of_a_million_pieces(
    name: str, relay: Config, signed: Signed, unit: str
) -> None:
    body = unit.encode() * (1024 * 1024 // len(unit))
    expected = 400 if name in BODY_NOT_SIGNED else 401  # 400: it is authentic, and no JSON
    assert answered(relay, replace(signed, body=body)) == expected


def test_a_header_of_a_mebibyte(relay: Config, signed: Signed) -> None:
    for header in signed.headers.keys() - UNSIGNED_HEADERS:
        for filler in ("a", "=", ",", "v1,a ", "."):
            headers = signed.headers | {header: filler * (1024 * 1024 // len(filler))}
            assert answered(relay, replace(signed, headers=headers)) == 401


def test_a_signature_in_hex_is_compared_in_lower_case(load: Load) -> None:
    signed = SIGNERS["github"]()
    upper = "sha256=" + signed.headers["x-hub-signature-256"].removeprefix("sha256=").upper()
    assert (
        answered(signers.config(load, "github", signed), replace(signed, headers={"x-hub-signature-256": upper})) == 401
    )


@pytest.mark.parametrize(
    "timestamp",
    ["", " ", "nan", "NaN", "inf", "1e400", "1e9", "-1", "+1", "0x10", "1.5", "\uff11", "9" * 21, "9" * 5000, "\x00"],
)  # fmt: skip
def test_a_time_that_is_signed_and_is_none(load: Load, timestamp: str) -> None:
    signed = SIGNERS["standard-webhooks"]()
    key = base64.b64decode(signers.WHSEC.removeprefix("whsec_"))
    for text in (timestamp, str(int(time.time())) + timestamp):
        if text.isascii() and text.isdecimal() and len(text) < 20:
            continue
        digest = hmac.new(key, f"msg_1.{text}.".encode() + signed.body, sha256).digest()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": text,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        assert answered(signers.config(load, "standard-webhooks", signed), replace(signed, headers=headers)) == 401


def test_the_boundary_of_id_and_time_cannot_be_moved(load: Load) -> None:
    signed = SIGNERS["standard-webhooks"]()
    moved = signed.headers | {"webhook-id": f"msg_1.{signed.headers['webhook-timestamp']}"}
    for timestamp in ("", signed.body[:10].decode()):
        headers = moved | {"webhook-timestamp": timestamp}
        assert answered(signers.config(load, "standard-webhooks", signed), replace(signed, headers=headers)) == 401


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Config, Signed]]:
    folder: Path = tmp_path_factory.mktemp("attacks")

    @cache
    def prepare(name: str) -> tuple[Config, Signed]:
        signed = SIGNERS[name]()

        def load(text: str) -> Config:
            (folder / "relay.toml").write_text(text, "utf-8")
            return config.load(folder / "relay.toml")

        return signers.config(load, name, signed), signed

    return prepare


@given(data=st.data(), name=st.sampled_from(sorted(SIGNERS.keys() - {"paddle"})))  # paddle: 5 s, too short for a search
def test_no_mutation_of_a_valid_request_passes(
    prepared: Callable[[str], tuple[Config, Signed]], data: st.DataObject, name: str
) -> None:
    relay, signed = prepared(name)
    targets: list[Any] = sorted(signed.headers.keys() - UNSIGNED_HEADERS)
    if name not in BODY_NOT_SIGNED | SIGNS_A_MEANING:
        targets.append(None)
    assume(targets)
    target = data.draw(st.sampled_from(targets))
    text = signed.body.decode("latin-1") if target is None else signed.headers[target]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    # A separator may be repeated: an item that is empty, or of another version, is passed over.
    characters = (
        st.characters(max_codepoint=255, exclude_characters=" ,;&") if target else st.characters(max_codepoint=255)
    )
    changed = text[:start] + data.draw(st.text(characters, max_size=3)) + text[end:]
    assume(changed != text)
    if target is None:
        mutated = replace(signed, body=changed.encode("latin-1"))
    else:
        mutated = replace(signed, headers=signed.headers | {target: changed})
    assert answered(relay, mutated) == 401

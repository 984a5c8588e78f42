"""Amazon SNS: what the signature covers, and that no other fields have the same signed text."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.auth.certificate import CertificateScheme
from relay.auth.kinds import PAYPAL, SNS
from relay.errors import Unauthorized
from tests.unit.auth.sns import CONFIRMATION, NOTIFICATION, ORDER, SCHEME, TIME, TOPIC, signed, verify


@pytest.mark.parametrize(
    "changes",
    [
        {"Type": "Other"},
        {"Type": ""},
        {"SignatureVersion": "3"},
        {"SignatureVersion": ""},
        {"SignatureVersion": 2},
        {"Type": ["Notification"]},
        {"Subject": "added"},
        {"Subject": None},
        {"Subject": {"tenant": "victim"}},
        {"Message": "changed"},
        {"MessageId": "changed"},
        {"Timestamp": "2026-11-23T07:09:53.000Z"},
        {"Token": "added"},
        {"SubscribeURL": "added"},
        {"Signature": ""},
        {"Signature": "é"},
        {"Signature": None},
        {"SigningCertURL": None},
    ],
    ids=str,
)
def test_a_message_with_another_field_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        verify(signed(NOTIFICATION) | changes)


@pytest.mark.parametrize("name", sorted({*NOTIFICATION, "Signature", "SignatureVersion", "SigningCertURL"}))
def test_a_message_without_one_of_its_fields_is_refused(name: str) -> None:
    message = {one: value for one, value in NOTIFICATION.items() if one != name}
    with pytest.raises(Unauthorized):
        verify({one: value for one, value in signed(message).items() if one != name})


def test_a_signature_has_one_spelling() -> None:
    genuine = signed(NOTIFICATION)
    for signature in (genuine["Signature"].rstrip("="), genuine["Signature"] + "\n", "=" + genuine["Signature"]):
        with pytest.raises(Unauthorized):
            verify(genuine | {"Signature": signature})


@pytest.mark.parametrize("text", ["\n", "\r", "a\nb", "a\r\nb"])
@pytest.mark.parametrize("name", ["MessageId", "Subject", "Timestamp", "TopicArn", "Type", "Token", "SubscribeURL"])
def test_a_line_break_in_any_signed_field_but_the_message_is_refused(name: str, text: str) -> None:
    message = CONFIRMATION if name in {"Token", "SubscribeURL"} else NOTIFICATION
    scheme = replace(SCHEME, topics=(TOPIC, text))
    with pytest.raises(Unauthorized, match=r"line break|unknown Type|topic"):
        verify(signed(message | {name: text}), scheme)


def test_a_message_may_have_many_lines_and_look_like_other_fields() -> None:
    assert verify(signed(NOTIFICATION | {"Message": "a\r\nMessageId\nother\nSubject\nother\n"}))


def test_a_subject_cannot_move_into_the_id() -> None:
    genuine = signed(NOTIFICATION | {"Subject": "S"})
    moved = {name: value for name, value in genuine.items() if name != "Subject"}
    with pytest.raises(Unauthorized, match="MessageId has a line break"):
        verify(moved | {"MessageId": f"{genuine['MessageId']}\nSubject\nS"})


@given(data=st.data(), subject=st.sampled_from([{}, {"Subject": "S"}, {"Subject": "MessageId"}]))
def test_no_other_fields_have_the_same_signed_text(data: st.DataObject, subject: dict[str, str]) -> None:
    lines = st.sampled_from(["MessageId", "Subject", "S", "Timestamp", TIME, "Type", "Notification", "", "x"])
    text = "\n".join(data.draw(st.lists(lines, max_size=8)))
    genuine = signed(NOTIFICATION | subject | {"Message": text})
    content = "".join(f"{name}\n{genuine[name]}\n" for name in ORDER if name in genuine)
    # Cut the same text elsewhere: the names in their order, at any place where they occur.
    fields, rest = {}, content.removeprefix("Message\n")
    name = "Message"
    for following in ("MessageId", *data.draw(st.sampled_from([(), ("Subject",)])), "Timestamp", "TopicArn", "Type"):
        places = [place for place in range(len(rest)) if rest.startswith(f"\n{following}\n", place)]
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        fields[name], rest = rest[:place], rest[place + len(following) + 2 :]
        name = following
    fields[name] = rest.removesuffix("\n")
    other = {one: value for one, value in genuine.items() if one not in ORDER} | fields
    assert "".join(f"{one}\n{other[one]}\n" for one in ORDER if one in other) == content
    try:
        verify(other)
    except Unauthorized:
        return
    assert other == genuine


@pytest.mark.parametrize("again", ["Message", "M\\u0065ssage", "MessageAttributes", "Anything"])
def test_a_name_that_occurs_twice_is_refused(again: str) -> None:
    body = json.dumps(signed(NOTIFICATION) | {"MessageAttributes": {}, "Anything": 1})
    verify(body.encode())
    with pytest.raises(Unauthorized, match="twice"):
        verify(body.replace("{", f'{{"{again}": "EVIL", ', 1).encode())
    with pytest.raises(Unauthorized, match="twice"):
        verify(body.replace('"MessageAttributes": {', '"MessageAttributes": {"a": 1, "a": 2', 1).encode())


def test_who_is_trusted_is_said_of_every_field() -> None:
    assert CertificateScheme(SNS).signed_paths() == {("body", name) for name in ORDER}
    assert CertificateScheme(PAYPAL).signed_paths() == set()

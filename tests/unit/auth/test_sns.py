"""Amazon SNS: which certificate may sign, what it has to sign, and when."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.session import Session
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from relay.auth import certificate as certificates
from relay.auth.certificate import TOLERANCE_SECONDS, CertificateScheme
from relay.auth.context import VerificationContext
from relay.auth.kinds import PAYPAL, SNS
from relay.errors import Unauthorized
from tests.conftest import NOW
from tests.unit.auth.certificates import certificate, key, request

TOPIC = "arn:aws:sns:eu-west-1:123456789012:MyTopic"
HOST = "sns.eu-west-1.amazonaws.com"
TIME = "2026-11-23T07:09:54.000Z"
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": TOPIC,
    "Message": "Hello",
    "Timestamp": TIME,
}
CONFIRMATION = {
    **NOTIFICATION,
    "Type": "SubscriptionConfirmation",
    "Token": "token",
    "SubscribeURL": f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token",
}
# https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
ORDER = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SCHEME = CertificateScheme(SNS, topics=(TOPIC,), tolerance=TOLERANCE_SECONDS[SNS])

# The subjects that AWS's own library expects: SnsHostProvider of the AWS SDK for Java.
SUBJECTS = {
    "arn:aws:sns:us-east-1": "sns.amazonaws.com",
    "arn:aws:sns:eu-west-1": "sns.amazonaws.com",
    "arn:aws:sns:af-south-1": "sns-signing.af-south-1.amazonaws.com",
    "arn:aws:sns:ca-west-1": "sns-signing.ca-west-1.amazonaws.com",
    "arn:aws-cn:sns:cn-north-1": "sns-cn-north-1.amazonaws.com.cn",
    "arn:aws-cn:sns:cn-northwest-1": "sns-cn-northwest-1.amazonaws.com.cn",
    "arn:aws-eusc:sns:eusc-de-east-1": "sns-signing.eusc-de-east-1.amazonaws.eu",
    "arn:aws-iso:sns:us-iso-east-1": "sns-us-iso-east-1.c2s.ic.gov",
    "arn:aws-iso-b:sns:us-isob-east-1": "sns-us-isob-east-1.sc2s.sgov.gov",
    "arn:aws-iso-e:sns:eu-isoe-west-1": "sns-signing.eu-isoe-west-1.cloud.adc-e.uk",
    "arn:aws-iso-f:sns:us-isof-south-1": "sns-signing.us-isof-south-1.csp.hci.ic.gov",
    "arn:aws-us-gov:sns:us-gov-east-1": "sns-us-gov-west-1.amazonaws.com",
    "arn:aws-us-gov:sns:us-gov-west-1": "sns-us-gov-west-1.amazonaws.com",
}


def signed(message: Mapping[str, Any], version: str = "2") -> dict[str, Any]:
    """Sign a message as SNS does, whatever its fields."""
    content = "".join(f"{name}\n{message[name]}\n" for name in ORDER if name in message)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = base64.b64encode(key().sign(content.encode(), padding.PKCS1v15(), digest)).decode()
    return {
        **message,
        "SignatureVersion": version,
        "Signature": signature,
        "SigningCertURL": f"https://{HOST}/SimpleNotificationService-5416b31fae4e.pem",
    }


def verify(
    message: Mapping[str, Any] | bytes,
    scheme: CertificateScheme = SCHEME,
    *,
    published: bytes | None = None,
    now: datetime = NOW,
) -> list[str]:
    """Verify a message, and return the URLs that were visited."""
    visited: list[str] = []

    def fetch(url: str, _max_age: float) -> bytes:
        visited.append(url)
        return certificate() if published is None else published

    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    scheme.verify(request(body), VerificationContext("", (), now, fetch))
    return visited


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "message",
    [NOTIFICATION, NOTIFICATION | {"Subject": "S"}, CONFIRMATION, CONFIRMATION | {"Type": "UnsubscribeConfirmation"}],
    ids=["plain", "subject", "confirmation", "unsubscribed"],
)
def test_what_sns_signed_is_authentic(message: dict[str, str], version: str) -> None:
    genuine = signed(message, version)
    assert verify(genuine) == [genuine["SigningCertURL"]]


@pytest.mark.parametrize(("topic", "subject"), SUBJECTS.items())
def test_the_certificate_of_each_region_is_its_own(topic: str, subject: str) -> None:
    arn = f"{topic}:123456789012:a.fifo"
    _, _, _, region, *_ = arn.split(":")
    host = f"sns.{region}.{subject.partition('amazonaws')[1]}{subject.partition('amazonaws')[2]}"
    if "amazonaws" not in subject:
        host = f"sns.{region}.{subject.partition('.')[2].removeprefix(f'{region}.')}"
    url = f"https://{host}/SimpleNotificationService-a.pem"
    genuine = signed(NOTIFICATION | {"TopicArn": arn}) | {"SigningCertURL": url}
    assert verify(genuine, replace(SCHEME, topics=(arn,)), published=certificate(subject)) == [url]


def test_the_host_of_a_topic_is_where_botocore_finds_its_sns() -> None:
    session = Session()
    for partition in session.get_available_partitions():
        for region in session.get_available_regions("sns", partition):
            arn = f"arn:{partition}:sns:{region}:123456789012:a"
            url = session.create_client(
                "sns", region, aws_access_key_id="a", aws_secret_access_key="a"
            ).meta.endpoint_url
            genuine = signed(NOTIFICATION | {"TopicArn": arn}) | {
                "SigningCertURL": f"{url}/SimpleNotificationService-a.pem"
            }
            host = url.removeprefix("https://")
            assert verify(genuine, replace(SCHEME, topics=(arn,)), published=certificate(host))


@pytest.mark.parametrize(
    "host",
    [
        "sns.s3.amazonaws.com",
        "sns.s3-us-west-2.amazonaws.com",
        "sns.s3-accelerate.amazonaws.com",
        "sns.us-east-1.amazonaws.com",
        "sns.eu-west-1.amazonaws.com.cn",
        "sns-eu-west-1.amazonaws.com",
        "sns.amazonaws.com",
        "snsxeu-west-1.amazonaws.com",
        "sns.eu-west-1.amazonaws.com:443",
    ],
)
def test_nothing_is_visited_but_the_host_of_the_topic(host: str) -> None:
    genuine = signed(NOTIFICATION) | {"SigningCertURL": f"https://{host}/SimpleNotificationService-a.pem"}
    with pytest.raises(Unauthorized, match="not on the sender's own host"):
        verify(genuine)
    message = signed(CONFIRMATION | {"SubscribeURL": CONFIRMATION["SubscribeURL"].replace(HOST, host)})
    verify(message)
    with pytest.raises(Unauthorized, match="not on the sender's own host"):
        SCHEME.confirmation_url(request(json.dumps(message).encode()))


@pytest.mark.parametrize(
    "path",
    [
        "/SimpleNotificationService-a.pem\n",
        "/SimpleNotificationService-.pem",
        f"/SimpleNotificationService-{'a' * 65}.pem",
        "/SimpleNotificationService-a/../b.pem",
        "/SimpleNotificationService-a.pem#",
        "/a.pem",
        "",
    ],
)
def test_nothing_is_visited_but_a_certificate(path: str) -> None:
    with pytest.raises(Unauthorized, match="not on the sender's own host"):
        verify(signed(NOTIFICATION) | {"SigningCertURL": f"https://{HOST}{path}"})


def test_a_confirmation_names_what_to_visit_and_nothing_else_does() -> None:
    def asked(scheme: CertificateScheme, message: Mapping[str, str]) -> str | None:
        return scheme.confirmation_url(request(json.dumps(message).encode()))

    assert asked(SCHEME, CONFIRMATION) == CONFIRMATION["SubscribeURL"]
    assert asked(SCHEME, CONFIRMATION | {"Type": "UnsubscribeConfirmation"}) is None
    assert asked(SCHEME, NOTIFICATION) is None
    assert asked(CertificateScheme(PAYPAL), CONFIRMATION) is None
    for text in ("?Action=Subscribe&Token=t", "?Action=ConfirmSubscription", "?Action=ConfirmSubscription&a=<"):
        with pytest.raises(Unauthorized):
            asked(SCHEME, CONFIRMATION | {"SubscribeURL": f"https://{HOST}/{text}"})


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


@pytest.mark.parametrize("topics", [("arn:aws:sns:eu-west-1:123456789012:Another",), ("not-an-arn",), ()])
def test_a_message_of_another_topic_is_refused(topics: tuple[str, ...]) -> None:
    with pytest.raises(Unauthorized, match="topic"):
        verify(signed(NOTIFICATION), replace(SCHEME, topics=topics))
    with pytest.raises(Unauthorized, match="topic"):
        verify(signed(NOTIFICATION | {"TopicArn": "not-an-arn"}), replace(SCHEME, topics=("not-an-arn",)))


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


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'"text"', b"\xff", b"{", b"[" * 2000, b'{"TopicArn": "\\ud800"}'])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(Unauthorized):
        verify(body)
    with pytest.raises(Unauthorized):
        verify(body, CertificateScheme(PAYPAL))


def test_who_is_trusted_is_said_of_every_field() -> None:
    assert CertificateScheme(SNS).signed_paths() == {("body", name) for name in ORDER}
    assert CertificateScheme(PAYPAL).signed_paths() == set()


@pytest.mark.parametrize(
    ("topic", "good"),
    [
        (TOPIC, True),
        (f"{TOPIC}.fifo", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", True),
        ("arn:aws-other:sns:eu-west-1:123456789012:a", False),
        ("arn:aws:sqs:eu-west-1:123456789012:a", False),
        ("arn:aws:sns:s3.evil:123456789012:a", False),
        ("arn:aws:sns:eu-west-1:123456789012:a\n", False),
        ("MyTopic", False),
    ],
)
def test_a_topic_is_given_by_its_arn(topic: str, good: bool) -> None:
    assert (certificates.topic_problem(topic) is None) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (TIME, True),
        ("2026-11-23T07:09:54Z", True),
        ("2026-11-22T07:09:54.000Z", True),
        ("2026-11-22T07:09:53.999Z", False),
        ("2026-11-24T07:09:54.000Z", True),
        ("2026-11-24T07:09:54.001Z", False),
        ("2026-11-23T09:09:54.000+02:00", True),
        ("2020-01-01T00:00:00.000Z", False),
        ("2026-11-23T07:09:54", False),
        ("2026-13-23T07:09:54Z", False),
        ("2026-11-23 07:09:54Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("9999-12-31T23:59:59-23:59", False),
        ("2026-11-23T07:09:54+99:99", False),
        ("٢٠٢٦-11-23T07:09:54Z", False),
        ("", False),
    ],
)
def test_a_message_is_good_for_a_day(text: str, good: bool) -> None:
    message = signed(NOTIFICATION | {"Timestamp": text})
    if good:
        verify(message)
    else:
        with pytest.raises(Unauthorized, match="time"):
            verify(message)


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (b"", "not a certificate"),
        (b"<html>", "not a certificate"),
        (certificate(elliptic=True), "not a certificate"),
        (certificate("evil.example"), "somebody else's"),
        (certificate("sns.amazonaws.com.evil.example"), "somebody else's"),
        (certificate("snsxamazonaws.com"), "somebody else's"),
        (certificate("sns-signing.us-east-1.amazonaws.com"), "somebody else's"),
        (certificate(start=NOW + timedelta(seconds=1)), "not valid now"),
        (certificate(start=NOW - timedelta(days=1, seconds=1)), "not valid now"),
    ],
)
def test_a_certificate_has_to_be_the_senders_and_valid_now(published: bytes, reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason):
        verify(signed(NOTIFICATION), published=published)
    verify(signed(NOTIFICATION), published=certificate(start=NOW - timedelta(days=1)))  # until this very second


def test_a_pinned_certificate_is_not_fetched() -> None:
    assert verify(signed(NOTIFICATION), replace(SCHEME, certificate=certificate().decode()), published=b"") == []


def test_a_retry_of_sns_is_within_its_tolerance() -> None:
    assert TOLERANCE_SECONDS[SNS] > timedelta(hours=1).total_seconds()

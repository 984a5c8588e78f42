"""Amazon SNS: what is authentic, of which topic, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from relay.auth import certificate as certificates
from relay.auth.certificate import TOLERANCE_SECONDS, CertificateScheme
from relay.auth.kinds import PAYPAL, SNS
from relay.errors import Unauthorized
from tests.unit.auth.sns import CONFIRMATION, NOTIFICATION, SCHEME, TIME, TOPIC, signed, verify


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "message",
    [NOTIFICATION, NOTIFICATION | {"Subject": "S"}, CONFIRMATION, CONFIRMATION | {"Type": "UnsubscribeConfirmation"}],
    ids=["plain", "subject", "confirmation", "unsubscribed"],
)
def test_what_sns_signed_is_authentic(message: dict[str, str], version: str) -> None:
    genuine = signed(message, version)
    assert verify(genuine) == [genuine["SigningCertURL"]]


@pytest.mark.parametrize("topics", [("arn:aws:sns:eu-west-1:123456789012:Another",), ("not-an-arn",), ()])
def test_a_message_of_another_topic_is_refused(topics: tuple[str, ...]) -> None:
    with pytest.raises(Unauthorized, match="topic"):
        verify(signed(NOTIFICATION), replace(SCHEME, topics=topics))
    with pytest.raises(Unauthorized, match="topic"):
        verify(signed(NOTIFICATION | {"TopicArn": "not-an-arn"}), replace(SCHEME, topics=("not-an-arn",)))


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'"text"', b"\xff", b"{", b"[" * 2000, b'{"TopicArn": "\\ud800"}'])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(Unauthorized):
        verify(body)
    with pytest.raises(Unauthorized):
        verify(body, CertificateScheme(PAYPAL))


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


def test_a_retry_of_sns_is_within_its_tolerance() -> None:
    assert TOLERANCE_SECONDS[SNS] > timedelta(hours=1).total_seconds()

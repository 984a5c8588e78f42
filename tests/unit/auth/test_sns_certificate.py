"""Amazon SNS: which certificate may sign, and which hosts are visited."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.session import Session

from relay.auth.certificate import CertificateScheme
from relay.auth.kinds import PAYPAL
from relay.errors import Unauthorized
from tests.conftest import NOW
from tests.unit.auth.certificates import certificate, request
from tests.unit.auth.sns import CONFIRMATION, HOST, NOTIFICATION, SCHEME, signed, verify

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

"""Messages of Amazon SNS, signed as it does, and their verification."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from relay.auth.certificate import TOLERANCE_SECONDS, CertificateScheme
from relay.auth.context import VerificationContext
from relay.auth.kinds import SNS
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

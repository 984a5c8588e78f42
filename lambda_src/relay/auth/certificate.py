"""Senders that sign with a certificate which the message names: Amazon SNS and PayPal.

A certificate is fetched only from the sender's own host, over HTTPS; who may sign is then what that host says. A route
may pin one instead (`certificate`). Its dates and its subject are checked, its chain is not: SNS publishes it alone,
without the issuer that a chain needs, and fetching that from where the certificate itself says, over plain HTTP, would
prove nothing new. Whoever could answer for the host would need a certificate of a public authority for that name
already, and the host is one exact name. Neither AWS's own library (sns-message-manager of the AWS SDK for Java) checks
more.
"""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from relay.auth.context import PUBLISHED_SECONDS, VerificationContext
from relay.auth.coverage import Path
from relay.auth.encodings import to_bytes
from relay.auth.kinds import PAYPAL, SNS
from relay.auth.scheme import Scheme
from relay.auth.timestamps import RFC3339, check_timestamp
from relay.errors import BadRequest, Unauthorized
from relay.http import body_formats
from relay.http.body_formats import JSON
from relay.http.request import Request

TOLERANCE_SECONDS = {SNS: 86_400, PAYPAL: 345_600}
"""How old a message may be: every retry bears the time of the first attempt.

SNS tries again for an hour at most, not counting what a throttle policy makes wait, PayPal for three days.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
https://developer.paypal.com/api/rest/webhooks/
"""
MAX_TOLERANCE_SECONDS = 604_800

_TOPIC = re.compile(r"arn:(aws[a-z-]{0,16}):sns:([a-z0-9-]{1,32}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
# Where each partition's services are: botocore, partitions.json.
_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-us-gov": "amazonaws.com",
}
_SNS_CERTIFICATE = r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem"
_SNS_CONFIRMATION = r"/\?Action=ConfirmSubscription&[A-Za-z0-9&=%:._-]{1,2048}"
_PAYPAL_CERTIFICATE = r"https://api(\.sandbox)?\.paypal\.com/v1/notifications/certs/[A-Za-z0-9-]{1,128}"
_PAYPAL_SUBJECT = r"([a-z0-9-]+\.)+paypal\.com"
# https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
_SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SNS_NAMES = frozenset().union(*_SNS_SIGNED.values())
_SNS_HASHES = {"1": "SHA1", "2": "SHA256"}


@dataclass(frozen=True, slots=True)
class CertificateScheme(Scheme):
    """Whose messages are ours: the `topics` of SNS, the `webhook_id` of PayPal. There is no secret.

    `certificate` is a pinned one in PEM. `tolerance` is how far a message's time may be from now, in seconds, into the
    past and the future.
    """

    kind: str
    topics: tuple[str, ...] = ()
    webhook_id: str = ""
    certificate: str = ""
    tolerance: int = MAX_TOLERANCE_SECONDS

    def verify(self, request: Request, context: VerificationContext) -> None:
        """Raise Unauthorized unless the sender signed this message for us, Unavailable if that cannot be known now."""
        if self.kind == SNS:
            self._verify_sns(request, context)
        else:
            self._verify_paypal(request, context)

    def confirmation_url(self, request: Request) -> str | None:
        """Return the URL that confirms a subscription to an allowed topic; None if the authentic message has none.

        Raise Unauthorized if it is not on the host of the topic's own SNS.
        """
        message = _text_fields(_parse(request)[1]) if self.kind == SNS else {}
        if message.get("Type") != "SubscriptionConfirmation":
            return None
        host, _ = _sns_hosts(message.get("TopicArn", "")) or ("", frozenset())
        return _checked_url(message.get("SubscribeURL", ""), f"https://{re.escape(host)}{_SNS_CONFIRMATION}")

    def signed_paths(self) -> frozenset[Path]:
        """Return the fields of the body that nobody can change, add or take away; none of PayPal's, which signs a CRC.

        A message of SNS with a field that another type of message signs, and its own does not, is refused.
        """
        return frozenset(("body", name) for name in _SNS_NAMES) if self.kind == SNS else frozenset()

    def proves_format(self, body_format: str) -> bool:
        """Return True if the body is JSON, or nothing of it is proven."""
        return body_format == JSON or not self.signed_paths()

    @property
    def requires_cryptography(self) -> bool:
        """Return True: certificates are read by the `cryptography` package."""
        return True

    def _verify_sns(self, request: Request, context: VerificationContext) -> None:
        message = _parse_message(request)
        topic = message.get("TopicArn", "")
        if topic not in self.topics or not (hosts := _sns_hosts(topic)):
            raise Unauthorized("the topic is not one of the route's")
        names = _SNS_SIGNED.get(message.get("Type", ""))
        digest = _SNS_HASHES.get(message.get("SignatureVersion", ""))
        if not names or not digest:
            raise Unauthorized("unknown Type or SignatureVersion")
        _check_fields(message, names)
        check_timestamp(message["Timestamp"], RFC3339, self.tolerance, context.now)
        host, subjects = hosts
        url = _checked_url(message.get("SigningCertURL", ""), f"https://{re.escape(host)}{_SNS_CERTIFICATE}")
        pem = self._pem(url, context)
        _check_certificate(pem, "|".join(map(re.escape, subjects)), context.now)
        content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        _check_signature(pem, message.get("Signature", ""), to_bytes(content), digest)

    def _verify_paypal(self, request: Request, context: VerificationContext) -> None:
        # https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverification
        headers = request.headers
        names = ("paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig", "paypal-cert-url")
        if not all(headers.get(name) for name in names):
            raise Unauthorized("a header of PayPal's is missing")
        if headers.get("paypal-auth-algo") != "SHA256withRSA":
            raise Unauthorized("another algorithm than SHA256withRSA")
        transmission, time, signature, url = (headers[name] for name in names)
        if "|" in transmission:
            raise Unauthorized("a header contains the text that separates it from what follows")
        check_timestamp(time, RFC3339, self.tolerance, context.now)
        content = f"{transmission}|{time}|{self.webhook_id}|{zlib.crc32(request.body)}"
        pem = self._pem(_checked_url(url, _PAYPAL_CERTIFICATE), context)
        _check_certificate(pem, _PAYPAL_SUBJECT, context.now)
        _check_signature(pem, signature, to_bytes(content), "SHA256")

    def _pem(self, url: str, context: VerificationContext) -> bytes:
        return self.certificate.encode() if self.certificate else context.fetch(url, PUBLISHED_SECONDS)


def topic_problem(text: str) -> str | None:
    """Return what is wrong if `text` is not the ARN of a topic, else None."""
    return None if _sns_hosts(text) else "expected the ARN of an Amazon SNS topic"


def _check_fields(message: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Raise Unauthorized unless the signed fields, `names`, are all there and can be read in one way only."""
    for name in sorted(_SNS_NAMES):
        if name in names and name not in message and name != "Subject":
            raise Unauthorized(f"{name} missing")
        if name in message and name not in names:
            raise Unauthorized(f"{name} is not signed in a {message['Type']}")
        # Each field of the signed text ends with its line. Only Message, its first, may have more than one: what
        # follows is then read from the end. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html (Subject)
        if name != "Message" and re.search(r"[\r\n]", message.get(name, "")):
            raise Unauthorized(f"{name} has a line break")


def _sns_hosts(topic: str) -> tuple[str, frozenset[str]] | None:
    """Return the host of a topic's SNS and the subjects of its certificates; None if `topic` is not a topic's ARN.

    The host is of the topic alone: anybody can own other names under the same suffix, such as `sns.s3.amazonaws.com`.
    Which subject a Region has: SnsHostProvider of the AWS SDK for Java.
    """
    match = _TOPIC.fullmatch(topic)
    suffix = match and _SUFFIXES.get(match[1])
    if not match or not suffix:
        return None
    region = "us-gov-west-1" if match[1] == "aws-us-gov" else match[2]
    host = f"sns.{match[2]}.{suffix}"
    return host, frozenset((host, f"sns.{suffix}", f"sns-{region}.{suffix}", f"sns-signing.{region}.{suffix}"))


def _parse_message(request: Request) -> Mapping[str, str]:
    """Return the fields of an SNS message that are text. Raise Unauthorized if there are two readings of it."""
    return _text_fields(json.loads(_parse(request)[0], object_pairs_hook=_unique_names))


def _parse(request: Request) -> tuple[str, Any]:
    try:
        return body_formats.parse(request, JSON)
    except BadRequest as error:
        raise Unauthorized(f"the scheme reads the body: {error}") from error


def _text_fields(message: object) -> dict[str, str]:
    """Return the fields that are text. Raise Unauthorized unless all that SNS signs are."""
    if not isinstance(message, dict):
        raise Unauthorized("the body is not an object")
    if any(name in message and not isinstance(message[name], str) for name in _SNS_NAMES):
        raise Unauthorized("a signed field is not text")
    return {name: value for name, value in message.items() if isinstance(value, str)}


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Unauthorized("a name occurs twice: readers differ in which of them counts")
    return fields


def _checked_url(url: str, pattern: str) -> str:
    if not re.fullmatch(pattern, url):
        raise Unauthorized("the URL in the message is not on the sender's own host")
    return url


@lru_cache(maxsize=64)
def load_certificate(pem: bytes) -> Any:
    """Return the certificate in PEM. Raise ValueError if there is none, or its key is not RSA."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    certificate = x509.load_pem_x509_certificate(pem)
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ValueError("expected a certificate with an RSA key")
    return certificate


def _check_certificate(pem: bytes, subject: str, now: datetime) -> None:
    try:
        certificate = load_certificate(pem)
    except ValueError as error:
        raise Unauthorized("not a certificate") from error
    names = [attribute.value for attribute in certificate.subject if attribute.oid.dotted_string == "2.5.4.3"]
    if not any(re.fullmatch(subject, str(name)) for name in names):
        raise Unauthorized("the certificate is somebody else's")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Unauthorized("the certificate is not valid now")


def _check_signature(pem: bytes, signature: str, content: bytes, digest: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        decoded = base64.b64decode(signature, validate=True)
        if base64.b64encode(decoded).decode() != signature:
            raise Unauthorized("signature is not base64 in its one spelling")
        load_certificate(pem).public_key().verify(decoded, content, PKCS1v15(), getattr(hashes, digest)())
    except (ValueError, InvalidSignature) as error:
        raise Unauthorized("signature mismatch") from error

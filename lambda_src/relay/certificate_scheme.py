"""Senders that sign with a certificate which the message names: Amazon SNS and PayPal.

A certificate is fetched only from the sender's own host, over HTTPS; who may sign is then what that host says. A route
may pin one instead (`certificate`). Its dates and its subject are checked; its chain is not: it comes alone.
"""

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from relay import payload
from relay.errors import BadRequest, Unauthorized
from relay.known import PUBLISHED_SECONDS, Fetch, Known
from relay.request import Request

SNS = "sns"
PAYPAL = "paypal"
KINDS = (SNS, PAYPAL)

_SNS_HOST = r"sns\.[a-z0-9-]{1,32}\.amazonaws\.com(\.cn)?"
_SNS_CERTIFICATE = re.compile(rf"https://{_SNS_HOST}/SimpleNotificationService-[A-Za-z0-9]{{1,64}}\.pem")
_SNS_CONFIRMATION = re.compile(rf"https://{_SNS_HOST}/\?Action=ConfirmSubscription&[A-Za-z0-9&=%:._-]{{1,2048}}")
_PAYPAL_CERTIFICATE = re.compile(r"https://api(\.sandbox)?\.paypal\.com/v1/notifications/certs/[A-Za-z0-9-]{1,128}")
# https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
_SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SNS_HASHES = {"1": "SHA1", "2": "SHA256"}


@dataclass(frozen=True, slots=True)
class CertificateScheme:
    """Whose messages are ours: the `topics` of SNS, the `webhook_id` of PayPal. There is no secret."""

    kind: str
    topics: tuple[str, ...] = ()
    webhook_id: str = ""
    certificate: str = ""
    secret: str = ""


def signed_names(kind: str) -> frozenset[str]:
    """Return the fields that are signed in every message of this kind; none of PayPal's, which signs a CRC."""
    return frozenset.intersection(*map(frozenset, _SNS_SIGNED.values())) if kind == SNS else frozenset()


def verify(scheme: CertificateScheme, request: Request, known: Known) -> None:
    """Raises Unauthorized unless the sender signed this message for us."""
    if scheme.kind == SNS:
        _verify_sns(scheme, request, known)
    else:
        _verify_paypal(scheme, request, known)


def confirmation(scheme: CertificateScheme, request: Request) -> str | None:
    """The URL that confirms a subscription to an allowed topic; None if the message, which is authentic, asks none."""
    message = _message(request)
    if scheme.kind != SNS or message.get("Type") != "SubscriptionConfirmation":
        return None
    if not _SNS_CONFIRMATION.fullmatch(message["SubscribeURL"]):
        raise Unauthorized("SubscribeURL is not one of Amazon SNS")
    return message["SubscribeURL"]


def _verify_sns(scheme: CertificateScheme, request: Request, known: Known) -> None:
    message = _message(request)
    if message.get("TopicArn") not in scheme.topics:
        raise Unauthorized("the topic is not one of the route's")
    names = _SNS_SIGNED.get(message.get("Type", ""))
    digest = _SNS_HASHES.get(message.get("SignatureVersion", ""))
    if not names or not digest:
        raise Unauthorized("unknown Type or SignatureVersion")
    missing = [name for name in names if name not in message and name != "Subject"]
    if missing:
        raise Unauthorized(f"{missing[0]} missing")
    content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    pem = _certificate(scheme, message.get("SigningCertURL", ""), _SNS_CERTIFICATE, known.fetch)
    _check(pem, r"sns\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?", known.now)
    _verify(pem, message.get("Signature", ""), content.encode("utf-8", "surrogatepass"), digest)


def _verify_paypal(scheme: CertificateScheme, request: Request, known: Known) -> None:
    # https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverification
    headers = request.headers
    names = ("paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig", "paypal-cert-url")
    if not all(headers.get(name) for name in names):
        raise Unauthorized("a header of PayPal's is missing")
    if headers.get("paypal-auth-algo") != "SHA256withRSA":
        raise Unauthorized("another algorithm than SHA256withRSA")
    transmission, time, signature, url = (headers[name] for name in names)
    if "|" in transmission + time:
        raise Unauthorized("a header contains the text that separates it from what follows")
    content = f"{transmission}|{time}|{scheme.webhook_id}|{zlib.crc32(request.body)}"
    pem = _certificate(scheme, url, _PAYPAL_CERTIFICATE, known.fetch)
    _check(pem, r"([a-z0-9-]+\.)+paypal\.com", known.now)
    _verify(pem, signature, content.encode("utf-8", "surrogatepass"), "SHA256")


def _message(request: Request) -> Mapping[str, str]:
    try:
        message = payload.parse(request, payload.JSON)[1]
    except BadRequest as error:
        raise Unauthorized(f"the scheme reads the body: {error}") from error
    if not isinstance(message, dict):
        raise Unauthorized("the body is not an object")
    return {name: value for name, value in message.items() if isinstance(value, str)}


def _certificate(scheme: CertificateScheme, url: str, allowed: "re.Pattern[str]", fetch: Fetch) -> bytes:
    if not allowed.fullmatch(url):
        raise Unauthorized("the certificate is not on the sender's own host")
    return scheme.certificate.encode() if scheme.certificate else fetch(url, PUBLISHED_SECONDS)


@cache
def load(pem: bytes) -> Any:
    """The certificate. Raises ValueError if it is none in PEM, or its key is not RSA."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    certificate = x509.load_pem_x509_certificate(pem)
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ValueError("expected a certificate with an RSA key")
    return certificate


def _check(pem: bytes, subject: str, now: datetime) -> None:
    try:
        certificate = load(pem)
    except ValueError as error:
        raise Unauthorized("not a certificate") from error
    names = [attribute.value for attribute in certificate.subject if attribute.oid.dotted_string == "2.5.4.3"]
    if not any(re.fullmatch(subject, str(name)) for name in names):
        raise Unauthorized("the certificate is somebody else's")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Unauthorized("the certificate is not valid now")


def _verify(pem: bytes, signature: str, content: bytes, digest: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        decoded = base64.b64decode(signature, validate=True)
        if base64.b64encode(decoded).decode() != signature:
            raise Unauthorized("signature is not base64 in its one spelling")
        load(pem).public_key().verify(decoded, content, PKCS1v15(), getattr(hashes, digest)())
    except (ValueError, InvalidSignature) as error:
        raise Unauthorized("signature mismatch") from error

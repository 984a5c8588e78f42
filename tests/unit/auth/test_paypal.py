"""PayPal: which certificate may sign, what it has to sign, and when."""

import base64
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from relay.auth.certificate import TOLERANCE_SECONDS, CertificateScheme
from relay.auth.context import VerificationContext
from relay.auth.kinds import PAYPAL
from relay.errors import Unauthorized
from tests.conftest import NOW
from tests.unit.auth.certificates import certificate, key, request

PAYPAL_SCHEME = CertificateScheme(PAYPAL, webhook_id="webhook-1", tolerance=TOLERANCE_SECONDS[PAYPAL])
PAYPAL_BODY = b'{"id":"WH-1"}'


def paypal(
    changes: Mapping[str, str | None],
    *,
    transmission: str = "id-1",
    time: str = "2026-11-23T07:09:54Z",
    subject: str = "messageverificationcerts.paypal.com",
    start: datetime = NOW,
) -> None:
    """Verify what PayPal signed for a webhook, with other headers."""
    content = f"{transmission}|{time}|webhook-1|{zlib.crc32(PAYPAL_BODY)}"
    headers: dict[str, str | None] = {
        "paypal-transmission-id": transmission,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(
            key().sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
        ).decode(),
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    }
    headers |= changes
    given = {name: value for name, value in headers.items() if value is not None}
    known = VerificationContext("", (), NOW, lambda *_: certificate(subject, start))
    PAYPAL_SCHEME.verify(request(PAYPAL_BODY, given), known)


def test_what_paypal_signed_is_authentic() -> None:
    paypal({})
    paypal({"paypal-cert-url": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"})


@pytest.mark.parametrize(
    "changes",
    [
        {"paypal-auth-algo": "SHA1withRSA"},
        {"paypal-auth-algo": None},
        {"paypal-transmission-id": None},
        {"paypal-transmission-id": ""},
        {"paypal-transmission-id": "id-2"},
        {"paypal-transmission-time": None},
        {"paypal-transmission-time": "2026-11-23T07:09:55Z"},
        {"paypal-transmission-sig": None},
        {"paypal-cert-url": None},
        {"paypal-cert-url": "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1"},
        {"paypal-cert-url": "https://apixsandbox.paypal.com/v1/notifications/certs/CERT-1"},
        {"paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/../CERT-1"},
        {"paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/"},
        {"paypal-cert-url": "http://api.paypal.com/v1/notifications/certs/CERT-1"},
    ],
    ids=str,
)
def test_another_header_of_paypals_is_refused(changes: dict[str, str | None]) -> None:
    with pytest.raises(Unauthorized):
        paypal(changes)


@pytest.mark.parametrize("subject", ["evil.example", "paypal.com.evil.example", "paypal.com", "certs.paypalxcom"])
def test_a_certificate_of_paypals_has_to_be_its_own_and_valid_now(subject: str) -> None:
    with pytest.raises(Unauthorized, match="somebody else's"):
        paypal({}, subject=subject)
    with pytest.raises(Unauthorized, match="not valid now"):
        paypal({}, start=NOW + timedelta(seconds=1))


def test_paypals_id_cannot_take_over_the_text_beside_it() -> None:
    with pytest.raises(Unauthorized, match="separates"):
        paypal({}, transmission="id-1|2026-11-23T07:09:54Z")
    with pytest.raises(Unauthorized):
        paypal(
            {"paypal-transmission-id": "id", "paypal-transmission-time": "1|2026-11-23T07:09:54Z"}, transmission="id|1"
        )


@pytest.mark.parametrize(
    ("time", "good"),
    [
        ("2026-11-20T07:09:54Z", True),  # the last retry of three days
        ("2026-11-19T07:09:54Z", True),
        ("2026-11-19T07:09:53Z", False),
        ("2020-01-01T00:00:00Z", False),
        ("now", False),
    ],
)
def test_a_webhook_of_paypals_is_good_for_four_days(time: str, good: bool) -> None:
    if good:
        paypal({}, time=time)
    else:
        with pytest.raises(Unauthorized, match="time"):
            paypal({}, time=time)


def test_a_retry_of_paypal_is_within_its_tolerance() -> None:
    assert TOLERANCE_SECONDS[PAYPAL] > timedelta(days=3).total_seconds()

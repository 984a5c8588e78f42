"""A key, certificates of it and requests, for the senders that sign with a certificate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from relay.http.request import Request
from tests.conftest import NOW


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate(
    subject: str = "sns.amazonaws.com", start: datetime = NOW, days: int = 1, *, elliptic: bool = False
) -> bytes:
    private: Any = ec.generate_private_key(ec.SECP256R1()) if elliptic else key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return made.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def request(body: bytes, headers: Mapping[str, str] | None = None) -> Request:
    return Request("POST", "/hook", "", headers or {}, body, "id")

"""Public-key signatures, by the `cryptography` package: imported, and bundled, only where a route needs it."""

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

# https://www.rfc-editor.org/rfc/rfc8032, ECDSA over P-256 with SHA-256, RSASSA-PKCS1-v1_5; the digest is the route's.
MIN_RSA_BITS = 2048

Verify = Callable[[bytes, bytes], bool]
"""Return True if a signature (first) is one of a content (second)."""


@cache
def verifier(kind: str, algorithm: str, key_encoding: str, key_prefix: str, public_key: str) -> Verify:
    """Return the function that verifies with this key. Raise ValueError, saying what was expected, if it is none."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    key = _public_key(kind, _bytes(key_encoding, key_prefix, public_key))
    digest = getattr(hashes, algorithm.upper())()

    def verify(signature: bytes, content: bytes) -> bool:
        try:
            if kind == "ed25519":
                key.verify(signature, content)
            elif kind == "rsa":
                key.verify(signature, content, padding.PKCS1v15(), digest)
            else:
                key.verify(signature, content, ec.ECDSA(digest))
        except InvalidSignature:
            return False
        return True

    return verify


def _bytes(key_encoding: str, key_prefix: str, text: str) -> bytes:
    text = text.strip()
    if text.startswith("-----BEGIN "):
        return text.encode()
    try:
        decode = binascii.unhexlify if key_encoding == "hex" else base64.b64decode
        return decode("".join(text.removeprefix(key_prefix).split()))
    except ValueError as error:
        raise ValueError(f"expected a public key in PEM or {key_encoding}") from error


def _public_key(kind: str, encoded: bytes) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    expected: dict[str, type[Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey]] = {
        "ed25519": ed25519.Ed25519PublicKey,
        "ecdsa-p256": ec.EllipticCurvePublicKey,
        "rsa": rsa.RSAPublicKey,
    }
    try:
        if encoded.startswith(b"-----BEGIN "):
            key: Any = serialization.load_pem_public_key(encoded)
        elif kind == "ed25519" and len(encoded) == 32:  # noqa: PLR2004 - RFC 8032
            key = ed25519.Ed25519PublicKey.from_public_bytes(encoded)
        else:
            key = serialization.load_der_public_key(encoded)
    except ValueError as error:
        raise ValueError(f"expected the public key of {kind}") from error
    if not isinstance(key, expected[kind]):
        raise ValueError(f"expected the public key of {kind}, got another kind")
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("expected a key on the curve P-256")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise ValueError(f"expected at least {MIN_RSA_BITS} bits")
    return key

"""The names of the schemes, apart from their modules: relay.toml is read without importing those that no route uses."""

HMAC, HASH = "hmac", "hash"
PUBLIC_KEY_KINDS = ("ed25519", "ecdsa-p256", "rsa")
SIGNATURE_KINDS = (HMAC, HASH, *PUBLIC_KEY_KINDS)

JWT = "jwt"
SYMMETRIC_ALGORITHMS = ("HS256", "HS384", "HS512")
"""Of a JSON Web Token: those whose key is a secret."""

SNS, PAYPAL = "sns", "paypal"
CERTIFICATE_KINDS = (SNS, PAYPAL)

API_KEY, BEARER, BASIC = "api-key", "bearer", "basic"
SHARED_SECRET_KINDS = (API_KEY, BEARER, BASIC)
NONE = "none"

"""All keys of a route's `auth`, by the kind of scheme: for the schema and the reference page, not for the function."""

from relay.auth.kinds import PAYPAL, SNS
from relay.config.auth_fields import (
    CONTENT,
    REQUIRES,
    SCHEME,
    SECRET,
    SHARED_SECRET_FIELDS,
    SIGNATURE_FIELDS,
    SIGNED_CONTENT,
    SIGNED_EACH,
    SIGNS,
    TIMESTAMP,
)
from relay.config.certificate_fields import CERTIFICATE_FIELDS
from relay.config.jwt_fields import JWKS_URL, JWT_FIELDS, PUBLIC_KEY_FORMS

AUTH_TABLES = {
    "common": (SCHEME, SECRET, SIGNED_CONTENT, REQUIRES),
    "shared secret": SHARED_SECRET_FIELDS,
    "signature": (CONTENT, *SIGNATURE_FIELDS, SIGNS, TIMESTAMP, SIGNED_EACH),
    "JSON Web Token": (*JWT_FIELDS, *PUBLIC_KEY_FORMS, JWKS_URL),
    "Amazon SNS": CERTIFICATE_FIELDS[SNS],
    "PayPal": CERTIFICATE_FIELDS[PAYPAL],
}
AUTH_FIELDS = tuple(field for fields in AUTH_TABLES.values() for field in fields)

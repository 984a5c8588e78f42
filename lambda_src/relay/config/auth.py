"""Read the `auth` table of a route: which scheme, and whether it would authenticate anything.

The schemes that few routes have are imported where a route has one: each costs cold start.
"""

from collections.abc import Sequence
from dataclasses import replace

from relay.auth import kinds
from relay.auth.canonical import CANONICAL
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef, secret_problem
from relay.auth.signature import SignatureScheme
from relay.config import auth_fields
from relay.config.auth_fields import SHARED_SECRET_FIELDS, SIGNATURE_FIELDS
from relay.config.field import Field
from relay.config.table import INVALID_TEMPLATE, Table
from relay.templates.template import Template


def read_auth(table: Table) -> Scheme:
    """Return the scheme. A preset's own name stands for its hmac scheme."""
    kind = table.value(auth_fields.SCHEME)
    is_public = kind in {*kinds.PUBLIC_KEY_KINDS, *kinds.CERTIFICATE_KINDS, kinds.NONE} or (
        kind == kinds.JWT and table.raw("algorithm") not in kinds.SYMMETRIC_ALGORITHMS
    )
    secret = None if is_public else read_secret(table, auth_fields.SECRET)
    if kind == kinds.NONE:
        from relay.auth.shared_secret import NoScheme

        scheme: Scheme = NoScheme()
    elif kind in kinds.CERTIFICATE_KINDS:
        scheme = _certificate(table, kind)
    elif kind in kinds.SHARED_SECRET_KINDS:
        scheme = _shared_secret(table, kind, secret)
    else:
        scheme = _jwt(table, secret) if kind == kinds.JWT else _signature(table, kind, secret)
    if table.value(auth_fields.SIGNED_CONTENT) == auth_fields.DECODED:
        scheme = replace(scheme, signs_decoded=True)
    table.reject_unknown_keys()
    return scheme


def read_secret(table: Table, field: Field) -> SecretRef | None:
    """Return the reference to a secret, or None if the text is missing or cannot name a secret."""
    text = table.value(field, required=True)
    return None if secret_problem(text) else SecretRef.parse(text)


def _shared_secret(table: Table, kind: str, secret: SecretRef | None) -> Scheme:
    from relay.auth.shared_secret import SharedSecretScheme

    token, list_field = SHARED_SECRET_FIELDS
    each = table.value(list_field)
    if kind == "api-key":
        token = token._replace(default=None, required=True)
    return SharedSecretScheme(secret, kind, table.value(token, names=_item(each)) or INVALID_TEMPLATE, each)


def _jwt(table: Table, secret: SecretRef | None) -> Scheme:
    from relay.auth import json_web_token
    from relay.config import jwt_fields

    values = table.values(jwt_fields.JWT_FIELDS, required=table.value(auth_fields.REQUIRES))
    email = values.pop("email")
    if email:
        values["claims"] |= {"email": Template(email, (email,))}
    values["token"] = values["token"] or INVALID_TEMPLATE
    is_symmetric = table.raw("algorithm") in kinds.SYMMETRIC_ALGORITHMS
    jwks_url = "" if is_symmetric else table.value(jwt_fields.JWKS_URL)
    key = "" if is_symmetric else _public_key(table, jwt_fields.PUBLIC_KEY_FORMS, required=not jwks_url)
    if key:
        try:
            json_web_token.load_public_key(key)
        except ValueError as error:
            table.add_error("public_key", str(error))
    return json_web_token.JwtScheme(secret=secret, public_key=key, jwks_url=jwks_url, **values)


def _public_key(table: Table, fields: Sequence[Field], *, required: bool) -> str:
    """Return the one key that is written, in whichever form."""
    field = next((field for field in fields if table.raw(field.name) and field.name != "public_key"), fields[0])
    key: str = table.value(field, required=required)
    return key


def _certificate(table: Table, kind: str) -> Scheme:
    from relay.auth import certificate
    from relay.config.certificate_fields import CERTIFICATE_FIELDS

    scheme = certificate.CertificateScheme(kind, **table.values(CERTIFICATE_FIELDS[kind]))
    if scheme.certificate:
        try:
            certificate.load_certificate(scheme.certificate.encode())
        except ValueError as error:
            table.add_error("certificate", f"expected a certificate in PEM, with an RSA key: {error}")
    return scheme


def _signature(table: Table, kind: str, secret: SecretRef | None) -> SignatureScheme:
    each = table.value(auth_fields.SIGNED_EACH)
    timestamp = table.value(auth_fields.TIMESTAMP, names=_item(each))
    content = table.value(auth_fields.CONTENT, names=(*_item(each), *(["timestamp"] if timestamp else [])))
    signs = table.value(auth_fields.SIGNS)
    values = table.values(
        [field for field in SIGNATURE_FIELDS if field.name != "public_key" or kind in kinds.PUBLIC_KEY_KINDS],
        names=_item(each),
        required=table.value(auth_fields.REQUIRES),
    )
    public_key_id = values.pop("public_key_id")
    values["pair_key"] = values["pair_key"] or public_key_id
    scheme = SignatureScheme(
        secret=secret,
        kind=kind if kind in kinds.SIGNATURE_KINDS else "hmac",
        content=content,
        timestamp=timestamp,
        each=each,
        **values,
    )
    _check_public_key(table, scheme)
    _check_content(table, scheme, signs)
    if bool(scheme.pair_separator) != bool(scheme.pair_key):
        table.add_error("pair_separator", 'expected "pair_separator" and "pair_key" together')
    return scheme


def _item(each: Template | None) -> tuple[str, ...]:
    """Return the name that templates may use beside the others where each element of a list is proven."""
    return ("item",) if each else ()


def _check_public_key(table: Table, scheme: SignatureScheme) -> None:
    if scheme.public_key:
        from relay.auth import public_key

        try:
            public_key.verifier(
                scheme.kind, scheme.algorithm, scheme.key_encoding, scheme.key_prefix, scheme.public_key
            )
        except ValueError as error:
            table.add_error("public_key", str(error))


def _check_content(table: Table, scheme: SignatureScheme, signs: str) -> None:
    """Check that what is signed is what has to be: the body, or what the route says, the time, and the secret."""
    signed = scheme.content.expressions()
    unknown = {name for name in signed if name.startswith("canonical")} - {f"canonical.{name}" for name in CANONICAL}
    if unknown:
        table.add_error("content", f"expected canonical and one of {', '.join(CANONICAL)}, got {', '.join(unknown)}")
    if scheme.timestamp and not _is_signed(scheme.timestamp, signed):
        table.add_error("timestamp", "expected ${timestamp} in content: a time that is not signed proves nothing")
    if scheme.content is INVALID_TEMPLATE:
        return
    if scheme.authenticates_body != (signs == auth_fields.SIGNS_BODY):
        expected = f'expected ${{body}} in it, or signs = "{auth_fields.SIGNS_PART}"'
        table.add_error("content", f"{expected}: what is not signed is not authenticated")
    if (scheme.kind == "hash") != ("secret" in signed):
        table.add_error("content", "expected ${secret} in it if, and only if, the scheme is hash")


def _is_signed(timestamp: Template, signed: list[str]) -> bool:
    is_in_body = all(expression.startswith("body") for expression in timestamp.expressions())
    return "timestamp" in signed or "canonical.contentful" in signed or ("body" in signed and is_in_body)

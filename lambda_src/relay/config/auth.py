"""Reads the `auth` table of a route: which scheme, and whether it would authenticate anything."""

import re
from dataclasses import replace

from relay.auth import (
    certificate,
    encodings,
    json_web_token,
    public_key,
    scope,
    shared_secret,
    signature,
    signing_keys,
    timestamps,
)
from relay.auth.canonical import CANONICAL
from relay.auth.certificate import CertificateScheme
from relay.auth.json_web_token import JwtScheme
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef, secret_problem
from relay.auth.shared_secret import NoScheme, SharedSecretScheme
from relay.auth.signature import SignatureScheme
from relay.config.table import INVALID_TEMPLATE, Table, Validator
from relay.config.units import DURATIONS, format_quantity
from relay.templates.template import Template

_AUTHORIZATION = "${headers.authorization}"


def read(table: Table, schemes: Validator) -> Scheme:
    """The scheme. `schemes` knows the names that are allowed; a preset's own name stands for its hmac scheme."""
    kind = table.text("scheme", check=schemes)
    public = kind in {*public_key.KINDS, *certificate.KINDS, shared_secret.NONE} or (
        kind == json_web_token.KIND and table.get("algorithm") not in json_web_token.SYMMETRIC
    )
    secret = None if public else read_secret(table, "secret")
    if kind == shared_secret.NONE:
        scheme: Scheme = NoScheme()
    elif kind in certificate.KINDS:
        scheme = _certificate(table, kind)
    elif kind in shared_secret.KINDS:
        scheme = _token(table, kind, secret)
    else:
        scheme = _jwt(table, secret) if kind == json_web_token.KIND else _signature(table, kind, secret)
    table.end()
    return scheme


def read_secret(table: Table, key: str) -> SecretRef | None:
    """Return the reference to a secret at `key`, or None if the text is missing or cannot name a secret."""
    text = table.text(key, check=secret_problem)
    return None if secret_problem(text) else SecretRef.parse(text)


def _token(table: Table, kind: str, secret: SecretRef | None) -> SharedSecretScheme:
    each = table.template("each", scope.NAMES)
    names = (*scope.NAMES, "item") if each else scope.NAMES
    default = None if kind == "api-key" else _AUTHORIZATION
    return SharedSecretScheme(secret, kind, table.template("token", names, default) or INVALID_TEMPLATE, each)


def _jwt(table: Table, secret: SecretRef | None) -> JwtScheme:
    # What tells one customer of the sender from another has to come from the route.
    required = table.texts("requires", required=False)
    email = table.text("email", None if "email" in required else "")
    claims = table.templates("claims", json_web_token.NAMES_IN_CLAIMS)
    is_symmetric = table.get("algorithm") in json_web_token.SYMMETRIC
    jwks_url = "" if is_symmetric else table.text("jwks_url", "", check=_https)
    scheme = JwtScheme(
        secret=secret,
        token=table.template("token", scope.NAMES, "${headers.authorization}") or INVALID_TEMPLATE,
        algorithm=table.text("algorithm", check=_algorithm),
        prefix=table.text("prefix", ""),
        public_key="" if is_symmetric else _one_key(table, required=not jwks_url),
        jwks_url=jwks_url,
        issuer=table.texts("issuer", required=False),
        audience=table.text("audience", None if "audience" in required else ""),
        claims=claims | ({"email": Template(email, (email,))} if email else {}),
        required_claims=table.texts("required_claims", required=False),
        max_age=table.duration("max_age", "5 min", maximum="24 h") if table.get("max_age") else 0,
    )
    if scheme.public_key:
        try:
            json_web_token.load_public_key(scheme.public_key)
        except ValueError as error:
            table.problem("public_key", str(error))
    return scheme


def _certificate(table: Table, kind: str) -> CertificateScheme:
    scheme = CertificateScheme(
        kind,
        topics=table.texts("topics", check=certificate.topic_problem) if kind == certificate.SNS else (),
        webhook_id=table.text("webhook_id") if kind == certificate.PAYPAL else "",
        certificate=table.text("certificate", ""),
        tolerance=table.duration(
            "tolerance",
            format_quantity(certificate.TOLERANCE_SECONDS[kind], DURATIONS),
            maximum=format_quantity(certificate.MAX_TOLERANCE_SECONDS, DURATIONS),
        ),
    )
    if scheme.certificate:
        try:
            certificate.load_certificate(scheme.certificate.encode())
        except ValueError as error:
            table.problem("certificate", f"expected a certificate in PEM, with an RSA key: {error}")
    return scheme


def _algorithm(value: str) -> str | None:
    return None if value in json_web_token.ALGORITHMS else f"expected one of {', '.join(json_web_token.ALGORITHMS)}"


def _https(value: str) -> str | None:
    return None if re.fullmatch(r"https://[^/?#@]+/[^?#]*", value) else "expected a URL with https"


def _one_key(table: Table, *, required: bool) -> str:
    given = [name for name in ("certificate", "jwk") if table.get(name)]
    return table.text(given[0] if given else "public_key", None if required else "")


def _signature(table: Table, kind: str, secret: SecretRef | None) -> SignatureScheme:
    required = table.texts("requires", required=False)
    each = table.template("each", scope.NAMES)
    item = ("item",) if each else ()
    timestamp = table.template("timestamp", (*signature.NAMES_IN_TIMESTAMP, *item))
    in_content = (*signature.NAMES_IN_CONTENT, *item, *(["timestamp"] if timestamp else []))
    scheme = SignatureScheme(
        secret=secret,
        signature=table.template("signature", (*scope.NAMES, *item), None) or INVALID_TEMPLATE,
        content=table.template("content", in_content, None) or INVALID_TEMPLATE,
        kind=kind if kind in signature.KINDS else "hmac",
        algorithm=table.choice("algorithm", signature.ALGORITHMS),
        encoding=table.choice("encoding", encodings.ENCODINGS),
        prefix=table.text("prefix", ""),
        list_separator=table.text("list_separator", ""),
        pair_separator=table.text("pair_separator", ""),
        pair_key=table.text("pair_key", "") or table.text("public_key_id", None if "public_key_id" in required else ""),
        timestamp=timestamp,
        timestamp_unit=table.choice("timestamp_unit", (*timestamps.TIMESTAMP_UNITS, timestamps.RFC3339)),
        tolerance=table.duration("tolerance", "5 min", maximum="24 h"),
        key_encoding=table.choice("key_encoding", signing_keys.KEY_ENCODINGS),
        key_prefix=table.text("key_prefix", ""),
        each=each,
    )
    if kind in public_key.KINDS:
        scheme = replace(scheme, public_key=table.text("public_key"))
        _note_wrong_key(table, scheme)
    _note_weaknesses(table, scheme)
    return scheme


def _note_wrong_key(table: Table, scheme: SignatureScheme) -> None:
    if scheme.public_key:
        try:
            public_key.verifier(
                scheme.kind, scheme.algorithm, scheme.key_encoding, scheme.key_prefix, scheme.public_key
            )
        except ValueError as error:
            table.problem("public_key", str(error))


def _note_weaknesses(table: Table, scheme: SignatureScheme) -> None:
    signed = scheme.content.expressions()
    signs = table.choice("signs", ("body", "part-of-body"))
    unknown = {one for one in signed if one.startswith("canonical")} - {f"canonical.{name}" for name in CANONICAL}
    if unknown:
        table.problem("content", f"expected canonical and one of {', '.join(CANONICAL)}, got {', '.join(unknown)}")
    if scheme.content is not INVALID_TEMPLATE and scheme.authenticates_body != (signs == "body"):
        table.problem(
            "content", 'expected ${body} in it, or signs = "part-of-body": what is not signed is not authenticated'
        )
    if scheme.timestamp and not _is_signed(scheme.timestamp, signed):
        table.problem("timestamp", "expected ${timestamp} in content: a time that is not signed protects from nothing")
    if bool(scheme.pair_separator) != bool(scheme.pair_key):
        table.problem("pair_separator", 'expected "pair_separator" and "pair_key" together')
    if (scheme.kind == "hash") != ("secret" in signed) and scheme.content is not INVALID_TEMPLATE:
        table.problem("content", "expected ${secret} in it if, and only if, the scheme is hash")


def _is_signed(timestamp: Template, signed: list[str]) -> bool:
    inside_the_body = all(expression.startswith("body") for expression in timestamp.expressions())
    return "timestamp" in signed or "canonical.contentful" in signed or ("body" in signed and inside_the_body)

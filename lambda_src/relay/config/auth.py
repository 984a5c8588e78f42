"""Reads the `auth` table of a route: which scheme, and whether it would authenticate anything."""

import re
from dataclasses import replace

from relay.auth import certificate_scheme, jwt_scheme, public_key, secret_ref, signature_scheme, token_scheme
from relay.auth.canonical import CANONICAL, WITH_THE_URL
from relay.auth.certificate_scheme import CertificateScheme
from relay.auth.coverage import Scheme, signs_the_body
from relay.auth.jwt_scheme import JwtScheme
from relay.auth.signature_scheme import SignatureScheme
from relay.auth.token_scheme import NoScheme, TokenScheme
from relay.config.table import INVALID_TEMPLATE, Table, Validator
from relay.templates.template import Template

_AUTHORIZATION = "${headers.authorization}"


def read(table: Table, schemes: Validator) -> Scheme:
    """The scheme. `schemes` knows the names that are allowed; a preset's own name stands for its hmac scheme."""
    kind = table.text("scheme", check=schemes)
    public = kind in {*public_key.KINDS, *certificate_scheme.KINDS, token_scheme.NONE} or (
        kind == jwt_scheme.KIND and table.get("algorithm") not in jwt_scheme.SYMMETRIC
    )
    secret = "" if public else table.text("secret", check=secret_ref.problem)
    if kind == token_scheme.NONE:
        scheme: Scheme = NoScheme()
    elif kind in certificate_scheme.KINDS:
        scheme = _certificate(table, kind)
    elif kind in token_scheme.KINDS:
        scheme = _token(table, kind, secret)
    else:
        scheme = _jwt(table, secret) if kind == jwt_scheme.KIND else _signature(table, kind, secret)
    table.end()
    return scheme


def needs_cryptography(scheme: Scheme) -> bool:
    """Whether the function's package needs more than the standard library to verify it."""
    return isinstance(scheme, JwtScheme | CertificateScheme) or (
        isinstance(scheme, SignatureScheme) and scheme.kind in public_key.KINDS
    )


def signs_the_url(scheme: Scheme) -> bool:
    """Whether `public_url` is needed."""
    if isinstance(scheme, JwtScheme):
        return any("url" in template.text for template in (scheme.claims or {}).values())
    return isinstance(scheme, SignatureScheme) and any(
        expression in {"url", *(f"canonical.{name}" for name in WITH_THE_URL)}
        for expression in scheme.content.expressions()
    )


def _token(table: Table, kind: str, secret: str) -> TokenScheme:
    each = table.template("each", signature_scheme.NAMES)
    names = (*signature_scheme.NAMES, "item") if each else signature_scheme.NAMES
    default = None if kind == "api-key" else _AUTHORIZATION
    return TokenScheme(secret, kind, table.template("token", names, default) or INVALID_TEMPLATE, each)


def _jwt(table: Table, secret: str) -> JwtScheme:
    # What tells one customer of the sender from another has to come from the route.
    needs = table.texts("needs", required=False)
    email = table.text("email", None if "email" in needs else "")
    claims = table.templates("claims", jwt_scheme.NAMES_IN_CLAIMS)
    jwks_url = "" if secret else table.text("jwks_url", "", check=_https)
    scheme = JwtScheme(
        secret=secret,
        token=table.template("token", signature_scheme.NAMES, "${headers.authorization}") or INVALID_TEMPLATE,
        algorithm=table.text("algorithm", check=_algorithm),
        prefix=table.text("prefix", ""),
        public_key="" if secret else _one_key(table, required=not jwks_url),
        jwks_url=jwks_url,
        issuer=table.texts("issuer", required=False),
        audience=table.text("audience", None if "audience" in needs else ""),
        claims=claims | ({"email": Template(email, (email,))} if email else {}),
        required=table.texts("required", required=False),
        max_age=table.number("max_age", 300, maximum=86400) if table.get("max_age") else 0,
    )
    if scheme.public_key:
        try:
            jwt_scheme.public_key(scheme.public_key)
        except ValueError as error:
            table.problem("public_key", str(error))
    return scheme


def _certificate(table: Table, kind: str) -> CertificateScheme:
    scheme = CertificateScheme(
        kind,
        topics=table.texts("topics", check=certificate_scheme.topic_problem) if kind == certificate_scheme.SNS else (),
        webhook_id=table.text("webhook_id") if kind == certificate_scheme.PAYPAL else "",
        certificate=table.text("certificate", ""),
        tolerance=table.number(
            "tolerance",
            certificate_scheme.TOLERANCE_SECONDS[kind],
            maximum=certificate_scheme.MAX_TOLERANCE_SECONDS,
        ),
    )
    if scheme.certificate:
        try:
            certificate_scheme.load(scheme.certificate.encode())
        except ValueError as error:
            table.problem("certificate", f"expected a certificate in PEM, with an RSA key: {error}")
    return scheme


def _algorithm(value: str) -> str | None:
    return None if value in jwt_scheme.ALGORITHMS else f"expected one of {', '.join(jwt_scheme.ALGORITHMS)}"


def _https(value: str) -> str | None:
    return None if re.fullmatch(r"https://[^/?#@]+/[^?#]*", value) else "expected a URL with https"


def _one_key(table: Table, *, required: bool) -> str:
    given = [name for name in ("certificate", "jwk") if table.get(name)]
    return table.text(given[0] if given else "public_key", None if required else "")


def _signature(table: Table, kind: str, secret: str) -> SignatureScheme:
    needs = table.texts("needs", required=False)
    each = table.template("each", signature_scheme.NAMES)
    item = ("item",) if each else ()
    timestamp = table.template("timestamp", (*signature_scheme.NAMES_IN_TIMESTAMP, *item))
    in_content = (*signature_scheme.NAMES_IN_CONTENT, *item, *(["timestamp"] if timestamp else []))
    scheme = SignatureScheme(
        secret=secret,
        signature=table.template("signature", (*signature_scheme.NAMES, *item), None) or INVALID_TEMPLATE,
        content=table.template("content", in_content, None) or INVALID_TEMPLATE,
        kind=kind if kind in signature_scheme.KINDS else "hmac",
        algorithm=table.choice("algorithm", signature_scheme.ALGORITHMS),
        encoding=table.choice("encoding", signature_scheme.ENCODINGS),
        prefix=table.text("prefix", ""),
        separator=table.text("separator", ""),
        assign=table.text("assign", ""),
        label=table.text("label", "") or table.text("public_key_id", None if "public_key_id" in needs else ""),
        timestamp=timestamp,
        timestamp_unit=table.choice("timestamp_unit", (*signature_scheme.TIMESTAMP_UNITS, signature_scheme.RFC3339)),
        tolerance=table.number("tolerance", 300, maximum=86400),
        key_encoding=table.choice("key_encoding", signature_scheme.KEY_ENCODINGS),
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
    covers = table.choice("covers", ("body", "part"))
    unknown = {one for one in signed if one.startswith("canonical")} - {f"canonical.{name}" for name in CANONICAL}
    if unknown:
        table.problem("content", f"expected canonical and one of {', '.join(CANONICAL)}, got {', '.join(unknown)}")
    if scheme.content is not INVALID_TEMPLATE and signs_the_body(scheme) != (covers == "body"):
        table.problem("content", 'expected ${body} in it, or covers = "part": what is not signed is not authenticated')
    if scheme.timestamp and not _is_signed(scheme.timestamp, signed):
        table.problem("timestamp", "expected ${timestamp} in content: a time that is not signed protects from nothing")
    if bool(scheme.assign) != bool(scheme.label):
        table.problem("assign", 'expected "assign" and "label" together')
    if (scheme.kind == "hash") != ("secret" in signed) and scheme.content is not INVALID_TEMPLATE:
        table.problem("content", "expected ${secret} in it if, and only if, the scheme is hash")


def _is_signed(timestamp: Template, signed: list[str]) -> bool:
    inside_the_body = all(expression.startswith("body") for expression in timestamp.expressions())
    return "timestamp" in signed or "canonical.contentful" in signed or ("body" in signed and inside_the_body)

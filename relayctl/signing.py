"""Sign a request as its sender would: with the time and the proof wherever its scheme has them."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from relay.auth import scope
from relay.auth.context import VerificationContext
from relay.auth.json_web_token import JwtScheme, digests
from relay.auth.kinds import PUBLIC_KEY_KINDS
from relay.auth.shared_secret import NoScheme, SharedSecretScheme
from relay.auth.signature import SignatureScheme
from relay.auth.signature_list import SignatureList
from relay.auth.timestamps import format_timestamp
from relay.config.route import Route
from relay.errors import CannotSign, MappingError, Rejected, Unauthorized
from relay.http import body_formats, content_encoding
from relay.http.body_formats import FORM, JSON, MULTIPART
from relay.http.request import Request
from relay.templates.template import Template

MAX_DECODED_BYTES = 32 * 1024 * 1024
TOKEN_SECONDS = 300

_PLACE = re.compile(r"(headers|query|body|item)\.([A-Za-z0-9_.]++)(?!\s*==)")
"""Where a template reads, except for what it only compares."""
_PLACE_IN_FIELD = re.compile(r"\$\{powertools_json\(body\.(\w+)\)\.([A-Za-z0-9_.]+)\}")


def sign(route: Route, secret: str, request: Request, url: str) -> Request:
    """Return `request` as the sender would send it now to `url`. Raise CannotSign, or Rejected for a damaged body.

    Headers that it has stay, except for those that prove it; an id that the sender makes up is made up.
    """
    headers = dict(request.headers)
    for name in (*(scope.headers_in(route.delivery_id) if route.delivery_id else ()), *route.auth.signed_headers):
        headers.setdefault(name, f"relayctl-{time.time_ns()}")
    request = replace(request, headers=headers)
    parts = urlsplit(url)
    context = VerificationContext(
        f"{parts.scheme}://{parts.netloc}", [secret], datetime.now(UTC), nothing_is_published, route.body_format
    )
    if route.auth.signs_decoded and request.is_encoded:
        proven = _prove(route, secret, content_encoding.decode(request, MAX_DECODED_BYTES), context)
        encoding = {name: value for name, value in headers.items() if name == "content-encoding"}
        return replace(proven, body=request.body, headers={**proven.headers, **encoding})
    return _prove(route, secret, request, context)


def _prove(route: Route, secret: str, request: Request, context: VerificationContext) -> Request:
    scheme = route.auth
    try:
        if isinstance(scheme, SignatureScheme):
            return _with_signature(scheme, secret, request, context)
        if isinstance(scheme, SharedSecretScheme):
            token = scheme.token_of(secret)
            return _put_in_each(request, scheme.each, scheme.token, context.body_format, lambda _: token)
        if isinstance(scheme, JwtScheme) and scheme.secret:
            return _with_token(scheme, secret, request, context)
    except (MappingError, Unauthorized) as error:
        raise CannotSign(str(error)) from error
    if isinstance(scheme, NoScheme):
        return request
    raise CannotSign("only the sender can make its tokens and certificates")


def _with_signature(scheme: SignatureScheme, secret: str, request: Request, context: VerificationContext) -> Request:
    if scheme.kind in PUBLIC_KEY_KINDS:
        raise CannotSign("only the sender has the private key")
    timestamp = format_timestamp(context.now, scheme.timestamp_unit)
    labeled: list[tuple[str, str]] = []
    [source] = scheme.timestamp.expressions() if scheme.timestamp else [""]
    if source.startswith("signature."):
        labeled.append((source.removeprefix("signature."), timestamp))
    elif scheme.timestamp:
        request = _put(request, scheme.timestamp, timestamp, context.body_format)
    written = SignatureList(scheme.prefix, scheme.list_separator, scheme.pair_separator, scheme.pair_key)
    labeled = [*_other_items(scheme, request), *labeled]

    def signature(item: Any) -> str:
        digest = scheme.signature_of(request, secret, context, timestamp, {"item": item, "signature": dict(labeled)})
        return written.format(digest, labeled)

    return _put_in_each(request, scheme.each, scheme.signature, context.body_format, signature)


def _other_items(scheme: SignatureScheme, request: Request) -> list[tuple[str, str]]:
    """Return the labeled values beside signature and time that the request's list has: Coinbase's names of headers."""
    if not scheme.pair_separator:
        return []
    kind, path = _place(scheme.signature)
    text = request.headers.get(path.replace("_", "-"), "") if kind == "headers" else ""
    items = [item.partition(scheme.pair_separator) for item in text.split(scheme.list_separator)] if text else []
    time = scheme.timestamp.text if scheme.timestamp else ""
    ours = {scheme.pair_key, time.removeprefix("${signature.").removesuffix("}")}
    return [(label, value) for label, _, value in items if label not in ours]


def _with_token(scheme: JwtScheme, secret: str, request: Request, context: VerificationContext) -> Request:
    import jwt  # noqa: PLC0415 - of all commands, only this needs it

    now, url = int(context.now.timestamp()), context.url(request)
    claims: dict[str, Any] = {"iat": now, "nbf": now, "exp": now + TOKEN_SECONDS}
    claims |= {"iss": scheme.issuer[0]} if scheme.issuer else {}
    claims |= {"aud": scheme.audience} if scheme.audience else {}
    values = {"url": url, "sha256": digests(request, url)}
    claims |= {name: template.render(values) for name, template in scheme.claims.items()}
    token = jwt.encode(claims, secret, algorithm=scheme.algorithm)
    return _put(request, scheme.token, scheme.prefix + token, context.body_format)


def _put_in_each(
    request: Request, each: Template | None, template: Template, body_format: str, proof: Callable[[Any], str]
) -> Request:
    """Return the request with a proof at `template`, or in each element of a list of its JSON body."""
    if each is None:
        return _put(request, template, proof(None), body_format)
    value = _json(request, body_format)
    for item in each.value({"body": value}) or []:
        _, path = _place(template)
        _set(item, path, proof(item))
    return replace(request, body=_dump(value))


def _put(request: Request, template: Template, text: str, body_format: str) -> Request:
    """Return the request with a text where `template` reads it."""
    if match := _PLACE_IN_FIELD.fullmatch(template.text):
        return _put_in_field(request, match[1], match[2], text, body_format)
    kind, path = _place(template)
    if kind == "headers":
        return replace(request, headers={**request.headers, path.replace("_", "-"): text})
    if kind == "query":
        query = [pair for pair in parse_qsl(request.query, keep_blank_values=True) if pair[0] != path]
        return replace(request, query=urlencode([*query, (path, text)]))
    if body_format == FORM:
        fields = [pair for pair in parse_qsl(request.body.decode(), keep_blank_values=True) if pair[0] != path]
        return replace(request, body=urlencode([*fields, (path, text)]).encode())
    value = _json(request, body_format)
    _set(value, path, text)
    return replace(request, body=_dump(value))


def _put_in_field(request: Request, field: str, path: str, text: str, body_format: str) -> Request:
    """Return the request with a text at a path of the JSON that a field of its form has."""
    try:
        old = str(body_formats.parse(request, body_format)[1][field])
        value = json.loads(old)
    except (Rejected, LookupError, TypeError, ValueError) as error:
        raise CannotSign(f"the body has no field {field} with JSON inside") from error
    _set(value, path, text)
    if body_format == MULTIPART:
        return replace(request, body=request.body.replace(old.encode(), _dump(value), 1))
    fields = [pair for pair in parse_qsl(request.body.decode(), keep_blank_values=True) if pair[0] != field]
    return replace(request, body=urlencode([*fields, (field, _dump(value))]).encode())


def _place(template: Template) -> tuple[str, str]:
    """Return where a template reads; of several places, the first. Raise CannotSign."""
    match = _PLACE.search(template.text)
    if not match or len(template.parts) > 1 or "powertools_json" in template.text:
        raise CannotSign(f"its proof is not in a place of its own: {template.text}")
    return match[1], match[2]


def _json(request: Request, body_format: str) -> Any:
    if body_format != JSON:
        raise CannotSign(f"its proof is inside a body of the format {body_format}")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise CannotSign("its proof is inside the body, which is not JSON") from error


def _set(value: Any, path: str, text: str) -> None:
    """Set the text at a path of objects, as a number if there was one."""
    *tables, last = path.split(".")
    for name in tables:
        value = value.setdefault(name, {}) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise CannotSign(f"the body has no object for {path}")
    value[last] = int(text) if isinstance(value.get(last), int) and text.isdecimal() else text


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def nothing_is_published(url: str, _max_age: float) -> bytes:
    """Raise CannotSign: keys that the sender publishes are not fetched."""
    raise CannotSign(f"only the sender publishes {url}")

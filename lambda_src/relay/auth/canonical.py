"""Signed contents that cannot be written as a template: here they are code, the rest of the scheme is data.

Each function returns the signed bytes or raises Unauthorized.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from relay.auth.constant_time import any_equal
from relay.errors import Unauthorized
from relay.http.request import Request

_MAX_FIELDS = 1000
_MAX_SEPARATORS = 100_000
_MAX_SAFE_INTEGER = 2**53 - 1
_NEVER_ESCAPED = "-_.!~*'()"
_NOT_ESCAPED_BY_ENCODE_URI = f"{_NEVER_ESCAPED};/?:@&=+$,#"

Canonical = Callable[[Request, str], bytes]


def twilio(request: Request, url: str) -> bytes:
    """Return the URL and the form's fields, sorted, each once; for another body, the URL, which carries its digest.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    # The URL is signed in both cases, so it may say which one this is; the Content-Type is not signed.
    digest = request.parameters.get("bodySHA256")
    if digest is None:
        fields = sorted(set(_fields(request)))
        return (url + "".join(name + value for name, value in fields)).encode("utf-8", "surrogatepass")
    if not any_equal([hashlib.sha256(request.body).hexdigest().encode()], [digest.encode("utf-8", "surrogatepass")]):
        raise Unauthorized("bodySHA256 is not the digest of the body")
    return url.encode("utf-8", "surrogatepass")


def mandrill(request: Request, url: str) -> bytes:
    """Return the URL and the form's fields, sorted by name.

    https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
    """
    fields = sorted(_fields(request))
    return (url + "".join(name + value for name, value in fields)).encode("utf-8", "surrogatepass")


def plivo(request: Request, url: str) -> bytes:
    """Return the URL with its query sorted, followed by the form's fields, sorted.

    https://www.plivo.com/docs/voice/concepts/signature-validation (version 3)
    """
    base, _, query = url.partition("?")
    parameters = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True)))
    fields = "".join(name + value for name, value in sorted(_fields(request)))
    question = "?" if parameters or fields else ""
    dot = "." if parameters and fields else ""
    return f"{base}{question}{parameters}{dot}{fields}".encode("utf-8", "surrogatepass")


def contentful(request: Request, url: str) -> bytes:
    """Return the method, the path, the headers that a header names, one of them the time, and the body.

    https://www.contentful.com/developers/docs/webhooks/request-verification/
    """
    names = request.headers.get("x-contentful-signed-headers", "").split(",")
    if not {"x-contentful-timestamp", "x-contentful-signed-headers"} <= set(names):
        raise Unauthorized("x-contentful-signed-headers does not name the time and itself")
    if len(set(names)) < len(names):
        # A header of 5 KB that is named 2,500 times would make 12 MB.
        raise Unauthorized("x-contentful-signed-headers names a header twice")
    if missing := [name for name in names if name not in request.headers]:
        raise Unauthorized(f"{len(missing)} of the signed headers missing")
    headers = ";".join(f"{name}:{request.headers[name].strip()}" for name in names)
    target = urlsplit(url)
    # What JavaScript calls encodeURI, after encodeURIComponent for the query: its escapes are escaped once more.
    query = _quoted(f"?{_quoted(target.query, _NEVER_ESCAPED)}" if target.query else "", _NOT_ESCAPED_BY_ENCODE_URI)
    path = _quoted(unquote(target.path), _NOT_ESCAPED_BY_ENCODE_URI)
    return f"{request.method}\n{path}{query}\n{headers}\n".encode("utf-8", "surrogatepass") + request.body


def jcs(request: Request, _url: str) -> bytes:
    """Return the body in the JSON Canonicalization Scheme: its value is signed, so it must have only one.

    https://www.rfc-editor.org/rfc/rfc8785
    """
    import rfc8785

    # rfc8785 is Python that takes microseconds for each value; a sender's 1 MB has a tenth of what 1 MB can hold.
    if sum(map(request.body.count, (b",", b"[", b"{"))) > _MAX_SEPARATORS:
        raise Unauthorized("the body has too many values for a canonical form")
    try:
        value = json.loads(request.body, object_pairs_hook=_unique_names, parse_int=_as_javascript)
        return rfc8785.dumps(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Unauthorized("the body has no canonical form") from error


def paddle_classic(request: Request, _url: str) -> bytes:
    """Return the form's fields without the signature, sorted, as PHP's `serialize` writes an array of strings.

    https://classic.paddle.com/webhooks/verifying-webhooks/
    """
    fields = [(name, value) for name, value in sorted(_fields(request)) if name != "p_signature"]
    if len({name for name, _ in fields}) < len(fields):
        raise Unauthorized("a field occurs twice")
    texts = b"".join(_php(name) + _php(value) for name, value in fields)
    return b"a:%d:{%b}" % (len(fields), texts)


def atlassian(request: Request) -> bytes:
    """Return the method, the path below the app's base URL and the sorted query: the claim `qsh` is its SHA-256.

    https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/
    """
    path = request.path.rstrip("/").replace("&", "%26") or "/"
    query = parse_qs(request.query, keep_blank_values=True)
    values = {name: ",".join(sorted(_quoted(value, "~") for value in query[name])) for name in query}
    parameters = "&".join(f"{_quoted(name, '~')}={values[name]}" for name in sorted(query) if name != "jwt")
    return f"{request.method}&{path}&{parameters}".encode("utf-8", "surrogatepass")


def hook0(request: Request, url: str) -> bytes:  # noqa: ARG001 - the sender does not sign it
    """Return the names of the signed headers, as the signature has them, their values and the body, joined by dots.

    https://docs.cdp.coinbase.com/webhooks/verify-signatures
    """
    items = [item.strip(" \t") for item in request.headers.get("x-hook0-signature", "").split(",")]
    lists = [item.removeprefix("h=") for item in items if item.startswith("h=")]
    if len(lists) != 1:
        raise Unauthorized("the signature does not name the signed headers once")
    names = lists[0].lower().split(" ")
    if len(set(names)) < len(names):
        # One long header that is named thousands of times would be megabytes.
        raise Unauthorized("the signature names a header twice")
    if missing := [name for name in names if name not in request.headers]:
        raise Unauthorized(f"{len(missing)} of the signed headers missing")
    values = ".".join(request.headers[name] for name in names)
    return f"{lists[0]}.{values}.".encode("utf-8", "surrogatepass") + request.body


CANONICAL: dict[str, Canonical] = {
    "twilio": twilio,
    "mandrill": mandrill,
    "plivo": plivo,
    "contentful": contentful,
    "jcs": jcs,
    "paddle_classic": paddle_classic,
    "hook0": hook0,
}
"""By the name that `content = "${canonical.twilio}"` uses."""

SIGN_URL = frozenset({"url", *(f"canonical.{name}" for name in ("twilio", "mandrill", "plivo", "contentful"))})
"""Expressions in a signed content that contain the URL."""
SIGN_QUERY_AS_SENT = SIGN_URL - {"canonical.plivo"}
"""Those that contain the query as it was sent: Plivo decodes and sorts it."""


def _fields(request: Request) -> list[tuple[str, str]]:
    try:
        text = request.body.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Unauthorized("the body is not the form that was signed") from error


def _quoted(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogatepass")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _as_javascript(digits: str) -> int | float:
    number = int(digits)
    return number if abs(number) <= _MAX_SAFE_INTEGER else float(number)


def _php(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return b's:%d:"%b";' % (len(encoded), encoded)

"""Find how an unknown sender signs, from one captured request and the secret: its HMAC, over which of the usual texts.

What is found is written as the `auth` table of a route, and only if the relay itself verifies the request with it.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from relay import config
from relay.auth.context import VerificationContext
from relay.config.auth_fields import AUTHORIZATION
from relay.errors import ConfigError, Rejected
from relay.http.request import Request
from relayctl.signing import nothing_is_published

MAX_CONTENTS, MAX_DIGESTS = 300, 50
"""What is tried at most: a captured request may have been written to have very many combinations."""
MAX_BYTES = 16 * 1024 * 1024
"""Of all contents together."""

_ALGORITHMS = {hashlib.new(name).digest_size: name for name in ("sha256", "sha1", "sha384", "sha512")}
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[=, ]")
_TIME = re.compile(r"[0-9]{10}|[0-9]{13}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"(^|-)(id|nonce|delivery)$")
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class _Digest:
    """A text in the request that may be a signature: where it is, and how it is written."""

    digest: bytes
    lines: Mapping[str, str]
    header: str
    separators: tuple[str, str] = ("", "")


def search(request: Request, base_url: str, secret: str) -> str:
    """Return the lines of an `auth` table with which the relay verifies the request, empty if none was found."""
    for lines in _candidates(request, base_url, secret):
        text = "\n".join(f"{key} = {_quoted(value)}" for key, value in lines.items())
        if _verifies(text, request, base_url, secret):
            return text
    return ""


def _candidates(request: Request, base_url: str, secret: str) -> Iterator[dict[str, str]]:
    yield from _tokens(request, secret)
    contents = list(_within(_contents(request, base_url), len(request.body)))
    for found in islice(_digests(request), MAX_DIGESTS):
        algorithm = _ALGORITHMS.get(len(found.digest))
        for encoding, key in _keys(secret):
            for template, content, time in (*contents, *_with_labels(request, found)) if algorithm else ():
                if hmac.compare_digest(hmac.digest(key, content, str(algorithm)), found.digest):
                    lines = {"scheme": "hmac", "secret": "acme/sender", **encoding, "algorithm": str(algorithm)}
                    yield {**lines, **found.lines, "content": template, **time, "tolerance": "5 min"}


def _within(contents: Iterator["Content"], size: int) -> Iterator["Content"]:
    """Yield the first contents, as many as fit into MAX_CONTENTS and, of a body of this size, into MAX_BYTES."""
    return islice(contents, min(MAX_CONTENTS, 1 + MAX_BYTES // (size + 1)))


def _tokens(request: Request, secret: str) -> Iterator[dict[str, str]]:
    """Yield the schemes in which the secret itself is in a header or in the query."""
    authorization = request.headers.get("authorization", "")
    for scheme, text in (("bearer", f"Bearer {secret}"), ("basic", _basic(secret))):
        if authorization == text:
            yield {"scheme": scheme, "secret": "acme/sender", "token": AUTHORIZATION}
    places = {f"headers.{name.replace('-', '_')}": value for name, value in request.headers.items()}
    for place, value in {**places, **{f"query.{name}": value for name, value in request.parameters.items()}}.items():
        if value == secret:
            yield {"scheme": "api-key", "secret": "acme/sender", "token": f"${{{place}}}"}


def _digests(request: Request) -> Iterator[_Digest]:
    """Yield every text of a header that has the length of a digest, alone, after a prefix, or in a list."""
    for name, value in request.headers.items():
        signature = {"signature": f"${{headers.{name.replace('-', '_')}}}"}
        prefix = _PREFIX.match(value)
        for start in ("", prefix[0] if prefix else ""):
            for encoding, digest in _decoded(value.removeprefix(start)):
                more = {"prefix": start} if start else {}
                yield _Digest(digest, {**signature, "encoding": encoding, **more}, name)
        for between, within in ((",", "="), (";", "="), (" ", ","), ("&", "=")):
            for label, _, text in (item.strip().partition(within) for item in value.split(between)):
                for encoding, digest in _decoded(text):
                    labels = {"list_separator": between, "pair_separator": within, "pair_key": label}
                    yield _Digest(digest, {**signature, "encoding": encoding, **labels}, name, (between, within))


def _decoded(text: str) -> Iterator[tuple[str, bytes]]:
    with suppress(ValueError):
        yield ("hex-upper" if text.isupper() else "hex"), bytes.fromhex(text)
    with suppress(binascii.Error, ValueError):
        yield "base64", base64.b64decode(text, validate=True)
    with suppress(binascii.Error, ValueError):
        yield "base64url", base64.b64decode(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), validate=True)


def _keys(secret: str) -> Iterator[tuple[dict[str, str], bytes]]:
    yield {}, secret.encode()
    prefix = re.match(r"[a-z]+_", secret)
    for start in ("", prefix[0] if prefix else ""):
        more = {"key_prefix": start} if start else {}
        with suppress(binascii.Error, ValueError):
            yield {"key_encoding": "base64", **more}, base64.b64decode(secret.removeprefix(start), validate=True)
        with suppress(ValueError):
            yield {"key_encoding": "hex", **more}, bytes.fromhex(secret.removeprefix(start))


Content = tuple[str, bytes, dict[str, str]]
"""A template of `content`, the bytes that it stands for, and the lines that say where its time is."""


def _contents(request: Request, base_url: str) -> Iterator[Content]:
    """Yield the usual texts that are signed, with each time that a header has."""
    url = base_url + request.path + (f"?{request.query}" if request.query else "")
    method, address = request.method.encode(), url.encode()
    yield "${body}", request.body, {}
    yield "${url}${body}", address + request.body, {}
    yield "${body}${url}", request.body + address, {}
    yield "${method}${url}${body}", method + address + request.body, {}
    for name, value in request.headers.items():
        if _TIME.fullmatch(value):
            yield from _timed(request, url, value, f"${{headers.{name.replace('-', '_')}}}")


def _with_labels(request: Request, found: _Digest) -> Iterator[Content]:
    """Yield the texts with each time that stands beside the signature in its list."""
    between, within = found.separators
    for item in request.headers[found.header].split(between) if between else ():
        label, _, value = item.strip().partition(within)
        if _TIME.fullmatch(value):
            yield from _timed(request, "", value, f"${{signature.{label}}}")


def _timed(request: Request, url: str, time: str, place: str) -> Iterator[Content]:
    unit = {10: "s", 13: "ms"}.get(len(time), "rfc3339") if time.isdecimal() else "rfc3339"
    lines = {"timestamp": place, "timestamp_unit": unit}
    body, stamp = request.body, time.encode()
    for separator in (".", ":", "", "|", "\n"):
        between = separator.encode()
        yield f"${{timestamp}}{separator}${{body}}", stamp + between + body, lines
        yield f"${{body}}{separator}${{timestamp}}", body + between + stamp, lines
        yield f"v0{separator}${{timestamp}}{separator}${{body}}", b"v0" + between + stamp + between + body, lines
        for name, value in request.headers.items():
            if _ID.search(name):
                text = f"${{headers.{name.replace('-', '_')}}}"
                content = value.encode() + between + stamp + between + body
                yield f"{text}{separator}${{timestamp}}{separator}${{body}}", content, lines
    if url:
        content = request.method.encode() + url.encode() + body + stamp
        yield "${method}${url}${body}${timestamp}", content, lines


def _verifies(lines: str, request: Request, base_url: str, secret: str) -> bool:
    text = f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://relay.example.com"
[[route]]
name = "a"
path = "/a"
event = {{ source = "aws.partner/acme.example/a", detail_type = "a" }}
[route.auth]
{lines.replace('tolerance = "5 min"', 'tolerance = "24 h"')}
"""
    try:
        scheme = config.parse(text, "relay.toml").routes[0].auth
        times = re.findall(r"[0-9]{13}|[0-9]{10}", " ".join(request.headers.values()))
        moments = [datetime.fromtimestamp(int(value[:10]), UTC) for value in times]
        for now in (*moments, datetime.now(UTC)):
            with suppress(Rejected):
                scheme.verify(request, VerificationContext(base_url, [secret], now, nothing_is_published))
                return True
    except ConfigError:
        pass
    return False


def _basic(secret: str) -> str:
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

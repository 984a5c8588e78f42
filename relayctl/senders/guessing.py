"""Guess who sent a captured request, and how it proves itself, by trying what is known with the right secret.

Times are not compared with the clock: a captured request is old.
"""

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt

from relay import config
from relay.auth.certificate import CertificateScheme
from relay.auth.context import Fetch, VerificationContext
from relay.auth.json_web_token import JwtScheme
from relay.auth.kinds import CERTIFICATE_KINDS, NONE, PAYPAL, SNS
from relay.auth.scheme import Scheme
from relay.auth.signature import SignatureScheme
from relay.config import presets
from relay.errors import ConfigError, Rejected, Unauthorized
from relay.http import body_formats, content_encoding
from relay.http.request import Request
from relay.templates.times import parse_time
from relayctl import senders
from relayctl.senders.page import signs_with_private_key
from relayctl.signing import MAX_DECODED_BYTES, nothing_is_published

_FOR_EVER = 10**11  # seconds
_TOKEN = re.compile(r"(?<![\w-])[\w-]++\.[\w-]++\.[\w-]++")  # each character is looked at once
_VALUES = {"audience": "a", "email": "e", "public_key_id": "k"}


class NotHttp(ValueError):
    """A text that is not one HTTP request; the message says why."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A preset that verifies a request: whether its body is signed, and how many of the preset's headers are there.

    For Amazon SNS, whose proof is in the body, the topic counts as three.
    """

    preset: str
    signs_body: bool
    headers: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A preset whose proof is where it looks for it, and is not right: why it was refused."""

    preset: str
    reason: str


def parse_http(raw: bytes) -> tuple[Request, str]:
    """Return a request as a client writes it, and the URL that its Host names. Raise NotHttp."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator or b"\n\n" in head:
        head, separator, body = raw.partition(b"\n\n")
    line, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    match = re.fullmatch(r"([A-Z]+) (\S+)(?: HTTP/[0-9.]+)?", line)
    if not match or not separator:
        raise NotHttp("expected a request line such as `POST /hook HTTP/1.1`, headers, an empty line and the body")
    headers: dict[str, str] = {}
    for header in lines:
        name, colon, value = header.partition(":")
        if not colon:
            raise NotHttp(f'expected "name: value", got "{header}"')
        key, text = name.strip().lower(), value.strip()
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    length = headers.get("content-length", "")
    if re.fullmatch("[0-9]{1,18}", length):  # an editor may have added a line break
        body = body[: int(length)]
    path, _, query = match[2].partition("?")
    return Request(match[1], path, query, headers, body, ""), f"https://{headers.get('host', 'relay.example.com')}"


def no_certificates(url: str, _max_age: float) -> bytes:
    """Raise Unauthorized: certificates are fetched only for whoever asks for it."""
    raise Unauthorized(f"its certificate is at {url}, which --fetch-certificates fetches")


def guess(
    request: Request, base_url: str, secret: str, public_key: str = "", fetch: Fetch = no_certificates
) -> tuple[list[Guess], list[NearMiss]]:
    """Return the presets that verify a request, the likeliest first, and those whose proof is there and not right.

    `secret` is also PayPal's id of the webhook, which stands for a secret there. `fetch` gets certificates, after the
    scheme has checked that their URL is on the sender's own host.
    """
    guesses: list[Guess] = []
    misses: list[tuple[int, NearMiss]] = []
    for name in presets.load():
        scheme = _scheme(name, request, secret, public_key)
        if scheme is None or not _has_proof(scheme, request):
            continue
        body_format = senders.resolve(name)["body_format"]
        try:
            sent = content_encoding.decode(request, MAX_DECODED_BYTES) if scheme.signs_decoded else request
            document = fetch if isinstance(scheme, CertificateScheme) else nothing_is_published
            context = VerificationContext(base_url, [secret], _time(scheme, sent), document, body_format)
            with warnings.catch_warnings(action="ignore"):  # of PyJWT, about a short secret
                scheme.verify(sent, context)
        except Rejected as error:
            misses.append((_likeness(name, scheme, request), NearMiss(name, error.reason)))
        else:
            guesses.append(Guess(name, scheme.authenticates_body, _likeness(name, scheme, request)))
    guesses.sort(key=lambda each: (-each.headers, not each.signs_body, each.preset))
    return guesses, [miss for _, miss in sorted(misses, key=lambda each: (-each[0], each[1].preset))]


def _scheme(name: str, request: Request, secret: str, public_key: str) -> Scheme | None:
    """Return the scheme of a preset, without a limit of time; None if it takes more than what is known."""
    auth = senders.resolve(name)["auth"]
    kind = auth.get("scheme", NONE)
    is_public = signs_with_private_key(auth)
    if kind == NONE or (is_public and not (public_key or kind in CERTIFICATE_KINDS)):
        return None
    keys: dict[str, Any] = {key: _VALUES[key] for key in auth.get("requires", []) if key in _VALUES}
    if kind == SNS:
        keys["topics"] = [_topic(request)]
    elif kind == PAYPAL:
        keys["webhook_id"] = secret
    else:
        keys |= {"public_key": public_key} if is_public else {"secret": "s"}
    return _parsed(name, "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()))


@lru_cache(maxsize=512)
def _parsed(name: str, lines: str) -> Scheme | None:
    """Return the scheme of a preset with these lines, None if the relay does not take them."""
    handshakes = presets.load()[name].get("handshake", [])
    token = 'verify_token = "t"' if any("token" in one for one in handshakes) else ""
    try:
        relay = config.parse(
            f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://relay.example.com"
[[route]]
name = "a"
path = "/a"
preset = "{name}"
{token}
event = {{ source = "aws.partner/acme.example/a" }}
[route.auth]
{lines}
""",
            "relay.toml",
        )
    except ConfigError:  # the public key is of another kind, or there is no topic in the body
        return None
    scheme = relay.routes[0].auth
    return replace(scheme, tolerance=_FOR_EVER) if isinstance(scheme, SignatureScheme) else scheme


def _has_proof(scheme: Scheme, request: Request) -> bool:
    """Return whether one of the places of the proof is there; one inside the body may always be."""
    if isinstance(scheme, CertificateScheme):
        return scheme.kind == SNS or _headers_of(scheme) <= request.headers.keys()
    paths = scheme.proof.paths() if scheme.proof else set()
    return any(
        path[0] in {"body", "item"}
        or (path[0] == "headers" and path[1].replace("_", "-") in request.headers)
        or (path[0] == "query" and path[1] in request.parameters)
        for path in paths
        if path
    )


def _time(scheme: Scheme, request: Request) -> datetime:
    """Return a time at which a token or a certificate's message is valid, by what it says itself; else now."""
    if isinstance(scheme, CertificateScheme):
        sent = _field(request, "Timestamp") if scheme.kind == SNS else request.headers.get("paypal-transmission-time")
        return parse_time(sent) or datetime.now(UTC)
    if isinstance(scheme, JwtScheme):
        claims = _claims(scheme, request)
        for name, before in (("iat", 0), ("nbf", 0), ("exp", 1)):
            if isinstance(value := claims.get(name), int | float) and 0 < value < _FOR_EVER:
                return datetime.fromtimestamp(value - before, UTC)
    return datetime.now(UTC)


def _topic(request: Request) -> str:
    """Return the topic that a message of SNS names, empty if it is none."""
    return str(_field(request, "TopicArn") or "")


def _field(request: Request, name: str) -> Any:
    """Return a field of a body of JSON, None if there is none."""
    try:
        value = body_formats.parse(request)[1]
    except Rejected:
        return None
    return value.get(name) if isinstance(value, dict) else None


def _likeness(name: str, scheme: Scheme, request: Request) -> int:
    """Return how many of the preset's headers are there; the ARN of a topic in a body of SNS counts as some."""
    headers = (_names(name) | _headers_of(scheme)) & request.headers.keys()
    is_sns = isinstance(scheme, CertificateScheme) and scheme.kind == SNS
    return len(headers) + (3 if is_sns else 0)


def _headers_of(scheme: Scheme) -> set[str]:
    """Return the headers that a scheme which is code reads."""
    is_paypal = isinstance(scheme, CertificateScheme) and scheme.kind == PAYPAL
    return {f"paypal-{name}" for name in ("transmission-id", "transmission-sig", "cert-url")} if is_paypal else set()


def _claims(scheme: JwtScheme, request: Request) -> dict[str, Any]:
    """Return what the token says, which nobody has verified."""
    body = request.body.decode("ascii", "replace") if ("body",) in scheme.token.paths() else ""
    texts = [value for name, value in request.named_headers.items() if ("headers", name) in scheme.token.paths()]
    for token in _TOKEN.findall(" ".join((*texts, body))):
        try:
            claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            continue
        return claims
    return {}


def _names(name: str) -> set[str]:
    """Return the headers that the preset's templates read."""
    return set(_header_names(str(senders.resolve(name))))


def _header_names(text: str) -> Iterator[str]:
    for match in re.finditer(r"headers\.([a-z0-9_]+)", text):
        yield match[1].replace("_", "-")

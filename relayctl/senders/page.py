"""What a person wants to know of one sender, on one page: of the documentation, and of `relayctl presets show`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from relay.auth.kinds import CERTIFICATE_KINDS, JWT, PUBLIC_KEY_KINDS, SYMMETRIC_ALGORITHMS
from relayctl import senders
from relayctl.senders import Sample

ONLY_THE_SENDER = "`relayctl send` cannot post it: only the sender has the private key."
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z`])")
_OF_HANDSHAKES = {
    "token": 'verify_token = "acme/verify-token"   # a secret: what you enter as verify token',
    "enroll": "enroll = true   # until the sender has posted its secret",
    "origin": 'origins = ["eventgrid.azure.net"]   # whose handshakes are answered',
}
_VALUES = {
    "public_key": '"-----BEGIN PUBLIC KEY-----…"',
    "public_key_id": '"your public key"',
    "audience": '"https://hooks.acme.example/pubsub"',
    "email": '"push@acme.iam.gserviceaccount.com"',
    "topics": '["arn:aws:sns:us-east-1:111111111111:orders"]',
    "webhook_id": '"5GP028458E2496506"',
}


def page(name: str) -> str:
    """Return the page of a preset, in Markdown. Raise KeyError if there is no such preset."""
    preset, sample, evidence = senders.resolve(name), senders.sample(name), senders.evidence()[name]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"This page is about webhooks of the preset `{name}`, as [the sender documents them]({preset['doc']}).",
            "",
            "## The route",
            "",
            "```toml",
            route(name),
            "```",
            "",
            "## In the sender's settings",
            "",
            *_lines(senders.setup(name)),
            "",
            "## What proves a webhook",
            "",
            *_proof(preset["auth"]),
            *_lines(f"That this is right is shown by: {evidence.proof} ({evidence.by})."),
            "",
            "## An event",
            "",
            *_lines(f"This sample is {sample.origin}."),
            *([ONLY_THE_SENDER] if signs_with_private_key(preset["auth"]) else []),
            f"Its detail-type is `{preset['event']['detail_type']}`.",
            "",
            "```http",
            *_request(sample),
            "```",
            "",
        ]
    )


def signs_with_private_key(auth: Mapping[str, Any]) -> bool:
    """Return whether only the sender can sign: with a private key, or a certificate's."""
    if auth.get("scheme") == JWT:
        return auth.get("algorithm") not in SYMMETRIC_ALGORITHMS
    return auth.get("scheme") in {*PUBLIC_KEY_KINDS, *CERTIFICATE_KINDS}


def route(name: str) -> str:
    """Return a route of relay.toml for the preset, with what it has to say itself."""
    preset = senders.resolve(name)
    lines = ["[[route]]", f'name = "{name}"', f'path = "/{name}"', f'preset = "{name}"']
    needed = {key for handshake in preset.get("handshake", []) for key in handshake if key in _OF_HANDSHAKES}
    lines += [_OF_HANDSHAKES[key] for key in sorted(needed)]
    lines += ["", "[route.auth]", *_auth(name, preset["auth"])]
    lines += ["", "[route.event]", f'source = "aws.partner/acme.example/{name}"']
    return "\n".join(lines)


def _auth(name: str, auth: Mapping[str, Any]) -> Iterator[str]:
    kind = auth.get("scheme")
    if name == "cloudevents":
        yield 'scheme = "standard-webhooks"   # or whatever your sender proves its CloudEvents with'
    elif kind is None:
        yield 'scheme = "none"   # this sender proves nothing: whoever knows the URL can send events'
        return
    is_public = signs_with_private_key(auth)
    if not is_public:
        yield f'secret = "acme/{name}"   # its name in Secrets Manager'
    required = list(auth.get("requires", []))
    if kind in PUBLIC_KEY_KINDS or (kind == JWT and is_public and "jwks_url" not in auth):
        required.append("public_key")
    required += {"sns": ["topics"], "paypal": ["webhook_id"]}.get(str(kind), [])
    yield from (f"{key} = {_VALUES[key]}" for key in required)


def _proof(auth: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is compared with what, in a table of the preset's own keys."""
    rows = {key: value for key, value in auth.items() if value not in ("", [], {})}
    if not rows:
        yield "Nothing: this sender signs nothing."
        return
    yield "| key | value |"
    yield "|---|---|"
    for key, value in rows.items():
        text = value if isinstance(value, str) else json.dumps(value)
        yield f"| `{key}` | `{text.replace('|', chr(92) + '|')}` |"
    yield ""


def _request(sample: Sample) -> Iterator[str]:
    yield f"POST{' ?' + sample.query if sample.query else ''}"
    yield from (f"{name}: {value}" for name, value in sample.headers.items())
    yield ""
    text = sample.body.decode().replace("\r\n", "\n")
    try:
        yield json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        yield text


def _lines(text: str) -> list[str]:
    return _SENTENCE.split(text)

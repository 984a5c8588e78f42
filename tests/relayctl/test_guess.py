"""`relayctl presets guess`: who sent a request, told from what the senders' own libraries have signed."""

import hmac
import json
from pathlib import Path

import pytest

from relay.http.request import Request
from relayctl.senders import guessing, searching
from tests.oracles.signers import BASE, SIGNERS, URL, Signed
from tests.relayctl.conftest import Relayctl

BODY = b'{"hello":"world"}'


def raw(signed: Signed, newline: str = "\r\n") -> bytes:
    """Return the request as a client writes it."""
    lines = [f"POST {URL.removeprefix(BASE)} HTTP/1.1", f"Host: {BASE.removeprefix('https://')}"]
    lines += [f"{name.title()}: {value}" for name, value in signed.headers.items()]
    lines += [f"Content-Length: {len(signed.body)}", "", ""]
    return newline.join(lines).encode() + signed.body + b"\n"  # as an editor ends a file


SECRETS = (
    "standard-webhooks", "svix", "stripe", "slack", "github", "square", "paddle", "twilio", "plivo", "netlify",
    "messagebird", "hubspot-v2",
)  # fmt: skip
PUBLIC_KEYS = ("discord", "standard-webhooks-v1a", "sendgrid", "paddle-classic")


@pytest.mark.parametrize("name", [*SECRETS, *PUBLIC_KEYS])
def test_what_a_senders_library_signed_is_recognized(name: str) -> None:
    signed = SIGNERS[name]()
    request, base_url = guessing.parse_http(raw(signed))
    found, _ = guessing.guess(request, base_url, signed.secret, signed.public.get("public_key", ""))
    best = [one.preset for one in found if one.headers == found[0].headers]
    assert name in best
    none, misses = guessing.guess(request, base_url, "another-secret-of-more-than-thirty-two-bytes", "")
    assert none == []
    assert name in {miss.preset for miss in misses} or name in PUBLIC_KEYS


@pytest.mark.parametrize(
    "name", ["standard-webhooks", "stripe", "slack", "github", "square", "bearer", "basic", "api-key"]
)
def test_the_way_of_an_unknown_sender_is_found_and_written_as_a_table(name: str) -> None:
    signed = SIGNERS[name]()
    request, base_url = guessing.parse_http(raw(signed))
    lines = searching.search(request, base_url, signed.secret).splitlines()
    scheme = name if name in {"bearer", "basic", "api-key"} else "hmac"
    assert lines[0] == f'scheme = "{scheme}"'
    assert searching.search(request, base_url, "another") == ""


@pytest.mark.parametrize(
    "raw_request", [b"", b"hello", b"POST /a HTTP/1.1\r\nno colon\r\n\r\n", b"GET\r\n\r\n", b"POST /a"]
)
def test_what_is_not_a_request_is_said(raw_request: bytes) -> None:
    with pytest.raises(guessing.NotHttp):
        guessing.parse_http(raw_request)


def test_the_line_ends_of_a_file_do_not_matter() -> None:
    signed = SIGNERS["github"]()
    parsed = [guessing.parse_http(raw(signed, newline)) for newline in ("\r\n", "\n")]
    assert parsed[0] == parsed[1]
    assert parsed[0][0].body == signed.body
    assert isinstance(parsed[0][0], Request)


def test_the_command_names_the_preset_or_the_table_or_why_not(relayctl: Relayctl, tmp_path: Path) -> None:
    file = tmp_path / "request.http"
    signed = SIGNERS["stripe"]()
    file.write_bytes(raw(signed))
    result = relayctl("presets", "guess", str(file), "--secret", signed.secret, "--output", "json")
    assert json.loads(result.stdout)[0]["preset"] == "stripe"
    wrong = relayctl("presets", "guess", str(file), "--secret", "another")
    assert wrong.returncode == 1
    assert "stripe: signature mismatch" in wrong.stderr
    digest = hmac.digest(b"5ec2e7", BODY, "sha512").hex()
    file.write_bytes(f"POST /x HTTP/1.1\nX-Acme-Sign: v9={digest}\n\n".encode() + BODY)
    unknown = relayctl("presets", "guess", str(file), "--secret", "5ec2e7")
    assert unknown.returncode == 0
    assert 'prefix = "v9="' in unknown.stdout or 'pair_key = "v9"' in unknown.stdout

"""`relayctl presets guess`: who sent a request, told from what the senders' own libraries have signed."""

import base64
import hmac
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from relay.auth.kinds import CERTIFICATE_KINDS
from relay.config import auth_fields
from relay.http.request import Request
from relayctl import senders
from relayctl.senders import guessing, searching
from tests.genuine import PRESETS
from tests.oracles.signers import BASE, SIGNERS, URL, Signed
from tests.relayctl.conftest import Relayctl
from tests.vectors.test_vectors import VECTORS

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


KINDS = sorted(set(auth_fields.SCHEMES) - {"none", "standard-webhooks"})  # the last is a name for hmac


def genuine(kind: str) -> Signed:
    """Return a request of the vectors that a preset of this kind takes, or what a client signs with it."""
    for vector in VECTORS:
        auth = senders.resolve(vector["provider"])["auth"] if vector["expected_ok"] else {}
        is_usable = vector.keys() & {"secret", "public_key", "certificate"} and not auth.get("requires")
        if auth.get("scheme") == kind and is_usable:
            body = base64.b64decode(vector["body_base64"]) if "body_base64" in vector else vector["body"].encode()
            public = {"public_key": vector["public_key"]} if "public_key" in vector else {}
            secret = vector.get("secret") or vector.get("webhook_id", "")
            headers = {name.lower(): value for name, value in vector["headers"]} | {"x-url": vector["url"]}
            return Signed(headers, body, secret, public, vector.get("certificate", "").encode())
    presets = {senders.resolve(name)["auth"].get("scheme"): name for name in SIGNERS if name in PRESETS}
    return SIGNERS[presets.get(kind, kind)]()


@pytest.mark.parametrize("kind", KINDS)
def test_a_genuine_request_of_every_kind_of_scheme_is_recognized(kind: str) -> None:
    signed = genuine(kind)
    url = urlsplit(signed.headers.get("x-url", URL))
    request = Request("POST", url.path, url.query, signed.headers, signed.body, "")
    fetched: list[str] = []

    def fetch(address: str, _max_age: float) -> bytes:
        fetched.append(address)
        return signed.published

    base_url = f"{url.scheme}://{url.netloc}"
    found, _ = guessing.guess(request, base_url, signed.secret, signed.public.get("public_key", ""), fetch)
    kinds = {senders.resolve(one.preset)["auth"]["scheme"] for one in found}
    lines = searching.search(request, base_url, signed.secret) if not found and signed.secret else ""
    assert kind in kinds or lines.startswith(f'scheme = "{kind}"\n')
    assert bool(fetched) == (kind in CERTIFICATE_KINDS)


@pytest.mark.parametrize("kind", CERTIFICATE_KINDS)
def test_a_certificate_is_fetched_from_the_senders_host_alone_and_only_if_it_is_asked_for(kind: str) -> None:
    signed = genuine(kind)
    headers, body = dict(signed.headers), signed.body
    request = Request("POST", "/in/hook", "", headers, body, "")
    _, misses = guessing.guess(request, BASE, signed.secret)
    assert "--fetch-certificates" in {miss.preset: miss.reason for miss in misses}[kind]
    for host in ("sns.eu-west-1.amazonaws.com", "api.paypal.com"):
        body = body.replace(host.encode(), b"sns.eu-west-1.amazonaws.com.example.net")
        headers = {name: value.replace(host, "api.paypal.com.example.net") for name, value in headers.items()}

    def fetch(address: str, _max_age: float) -> bytes:
        raise AssertionError(address)

    found, misses = guessing.guess(replace(request, headers=headers, body=body), BASE, signed.secret, "", fetch)
    assert found == []
    assert "not on the sender's own host" in {miss.preset: miss.reason for miss in misses}[kind]


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


def test_a_request_that_was_written_to_take_long_takes_bounded_work() -> None:
    times = "".join(f"X-T{number}: {1795392000 + number}\nX-{number}-Id: {number}\n" for number in range(60))
    digests = "X-Many: " + ",".join(f"{number:064x}" for number in range(1000))
    head = f"POST /a HTTP/1.1\n{times}{digests}\nContent-Length: {'9' * 5000}\n\n".encode()
    request, base_url = guessing.parse_http(head + b"a" * 200_000)
    tracemalloc.start()
    try:
        assert searching.search(request, base_url, "secret") == ""
        assert tracemalloc.get_traced_memory()[1] < 4 * searching.MAX_BYTES
    finally:
        tracemalloc.stop()
    assert guessing.guess(request, base_url, "secret", SIGNERS["paddle-classic"]().public["public_key"])[0] == []


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
    sns = SIGNERS["sns"]()
    file.write_bytes(raw(sns))
    asked = relayctl("presets", "guess", str(file), "--secret", "none")
    assert asked.returncode == 1
    assert "sns: its certificate is at https://sns.eu-west-1.amazonaws.com/" in asked.stderr
    digest = hmac.digest(b"5ec2e7", BODY, "sha512").hex()
    file.write_bytes(f"POST /x HTTP/1.1\nX-Acme-Sign: v9={digest}\n\n".encode() + BODY)
    unknown = relayctl("presets", "guess", str(file), "--secret", "5ec2e7")
    assert unknown.returncode == 0
    assert 'prefix = "v9="' in unknown.stdout or 'pair_key = "v9"' in unknown.stdout

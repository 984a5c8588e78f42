"""What the direct transport has to do itself: connections, attempts, credentials, TLS, and being there early."""

import json
import os
import random
import re
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore
import pytest
import time_machine
import trustme

from relay import process_cache
from relay.aws import http_transport
from relay.aws.api import SECRETS_MANAGER, STANDARD_RETRY, CallOptions, Transport
from relay.aws.connection import MAX_IDLE_SECONDS
from relay.aws.eventbridge import put_entries
from relay.aws.transport import warm_up
from relay.entry import Entry, Failed
from tests.contract.json_service import ACCEPTED, REGION, Aws, aws, credentials, failure, put, serving

__all__ = ["aws", "credentials"]  # fixtures

DIRECT = Transport(http_transport.call, http_transport.begin, http_transport.warm_up)
QUICK = CallOptions(1, 0.3, 1)


def test_one_connection_serves_many_requests_and_a_closed_one_is_replaced(aws: Aws) -> None:
    for _ in range(3):
        put(http_transport.call)
    assert aws.connections == 1
    aws.hang_up = True
    put(http_transport.call)
    aws.hang_up = False
    put(http_transport.call)
    assert (aws.connections, len(aws.asked)) == (2, 5)


def test_after_silence_on_a_kept_connection_a_new_one_is_tried_at_once(aws: Aws) -> None:
    """A NAT gateway that has forgotten a connection answers nothing; PutPartnerEvents itself is asked once."""
    put(http_transport.call, QUICK)
    aws.answers = [(0, b"")]
    assert put(http_transport.call, QUICK) == json.loads(ACCEPTED)
    assert (aws.connections, len(aws.asked)) == (2, 3)


def test_after_silence_on_a_new_connection_nothing_is_tried_again(aws: Aws) -> None:
    put(http_transport.call, QUICK)
    aws.answers = [(0, b""), (0, b"")]
    assert failure(lambda: put(http_transport.call, QUICK)).code == "ReadTimeoutError"
    assert (aws.connections, len(aws.asked)) == (2, 3)


def test_a_connection_that_was_idle_for_long_is_replaced_before_anything_is_sent(aws: Aws) -> None:
    put(http_transport.call)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=MAX_IDLE_SECONDS + 1)):
        put(http_transport.call)
    assert (aws.connections, len(aws.asked)) == (2, 2)


@pytest.mark.parametrize(
    ("answers", "code", "asked"),
    [
        ([(500, b"")] * 2, None, 3),
        ([(400, b'{"__type":"ThrottlingException"}')], None, 2),
        ([(500, b"")] * 3, "500", 3),
        ([(400, b'{"__type":"ResourceNotFoundException"}')], "ResourceNotFoundException", 1),
    ],
    ids=["recovers", "throttled", "gives-up", "final"],
)
def test_a_secret_is_asked_for_three_times(
    aws: Aws, answers: list[tuple[int, bytes]], code: str | None, asked: int
) -> None:
    aws.answers = [*answers]

    def ask() -> dict[str, Any]:
        return http_transport.call(SECRETS_MANAGER, REGION, "GetSecretValue", {"SecretId": "a"}, STANDARD_RETRY)

    assert (failure(ask).code if code else ask() and None) == code
    assert len(aws.asked) == asked


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"Entries":null}',
        b'{"Entries":"x"}',
        b'{"Entries":[null]}',
        b'{"Entries":[{}]}',
        b'{"Entries":[{"EventId":null,"ErrorCode":null}]}',
        b'{"Entries":[{"EventId":""}]}',
        b'{"Entries":[{"EventId":1}]}',
    ],
)
def test_an_answer_that_does_not_account_for_the_entry_is_no_success(aws: Aws, content: bytes) -> None:
    aws.answers = [(200, content)]
    [failed] = put_entries(http_transport.call, [Entry(datetime.now(UTC), "aws.partner/a/b", (), "a", "{}", REGION)])
    assert isinstance(failed, Failed)
    assert failed.code == "InvalidResponse"


def test_after_snapstart_the_credentials_are_those_of_the_container(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    found = {
        "AccessKeyId": "AKIDOFCONTAINER",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    container = Aws([(200, json.dumps(found).encode())])
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    with serving(container) as port:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/credentials")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in")
        process_cache.clear()
        try:
            warm_up(DIRECT, [REGION], ())
            assert (len(container.asked), aws.connections) == (1, 0)
            put(http_transport.call)
            put(http_transport.call)
        finally:
            process_cache.clear()
    assert [headers["authorization"] for headers, _ in container.asked] == ["let me in"]
    assert all("Credential=AKIDOFCONTAINER/" in headers["authorization"] for headers, _ in aws.asked)
    assert all(headers["x-amz-security-token"] == "token" for headers, _ in aws.asked)


def test_without_credentials_nothing_is_sent(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    process_cache.clear()
    try:
        assert failure(lambda: put(http_transport.call)).code == "NoCredentialsError"
    finally:
        process_cache.clear()
    assert aws.asked == []


def test_restored_functions_do_not_all_pause_for_the_same_time(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them have the state that `random` had in the snapshot."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _ in range(2):
        random.seed(0)
        aws.answers = [(500, b"")] * 2
        http_transport.call(SECRETS_MANAGER, REGION, "GetSecretValue", {"SecretId": "a"}, STANDARD_RETRY)
    assert pauses[:2] != pauses[2:]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("name", "trusted", "code"),
    [("127.0.0.1", True, None), ("127.0.0.1", False, "SSLError"), ("events.example", True, "SSLError")],
    ids=["trusted", "unknown-authority", "another-host"],
)
def test_tls_is_verified(
    name: str, *, trusted: bool, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    bundle = tmp_path / "ca.pem"
    (authority if trusted else other).cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    process_cache.clear()
    aws = Aws()
    try:
        with serving(aws, context) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
            if code:
                assert failure(lambda: put(http_transport.call)).code == code
            else:
                put(http_transport.call)
                put(http_transport.call)  # TLS's session tickets are no reason to open another connection
                assert aws.connections == 1
    finally:
        process_cache.clear()
    assert len(aws.asked) == (0 if code else 2)


def test_the_authorities_of_amazon_are_those_that_botocore_trusts() -> None:
    def certificates(path: Path) -> set[str]:
        return set(re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", path.read_text(), re.DOTALL))

    ours = certificates(Path(http_transport.AMAZON_ROOTS))
    assert len(ours) == 5
    assert ours <= certificates(Path(botocore.__file__).with_name("cacert.pem"))


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_a_new_authority_of_amazon_is_judged_by_the_system(
    *, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    (authority if trusted else other).cert_pem.write_to_path(str(tmp_path / "system.pem"))
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr(http_transport, "_OF_AMAZON", re.compile("127.0.0.1"))
    process_cache.clear()
    aws = Aws()
    try:
        with serving(aws, context) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
            if trusted:
                put(http_transport.call)
            else:
                assert failure(lambda: put(http_transport.call)).code == "SSLError"
    finally:
        process_cache.clear()
    assert len(aws.asked) == trusted


@pytest.mark.parametrize("host", ["events.us-east-1.amazonaws.com", "firehose.ap-southeast-2.amazonaws.com"])
def test_only_the_endpoints_of_the_aws_partition_have_amazons_authorities(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    assert http_transport._authorities(host) == http_transport.AMAZON_ROOTS
    for suffix in (".cn", ".example", "x"):
        assert http_transport._authorities(host + suffix) is None
    assert http_transport._authorities("events.us-gov-west-1.amazonaws.com") is None


def test_the_connection_is_open_before_the_first_webhook_comes(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    warm_up(DIRECT, [REGION], ())
    put(http_transport.call)
    assert (aws.connections, len(aws.asked)) == (1, 1)


@pytest.mark.parametrize("how", ["snap-start", "on-demand"])
def test_a_function_starts_without_a_connection_too(how: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a snapshot, in which it would be dead, and not if nobody answers."""
    with serving(Aws()) as port:
        pass
    if how == "on-demand":
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", how)
    warm_up(DIRECT, [REGION], ())
    assert aws.connections == 0


NOT_NEEDED = (
    "boto3",
    "botocore.session",
    "urllib3",
    "cryptography",
    "jwt",
    "urllib.request",
    "difflib",
    "concurrent",
)


@pytest.mark.parametrize(
    ("delivery", "answer"), [("direct", ACCEPTED), ("queued", b'{"Successful":[{"Id":"0"}]}')], ids=["direct", "queued"]
)
def test_a_healthy_webhook_imports_nothing_it_does_not_need(
    aws: Aws, tmp_path: Path, delivery: str, answer: bytes
) -> None:
    aws.answers = [(200, json.dumps({"SecretString": "It's a Secret to Everybody"}).encode()), (200, answer)]
    script = tmp_path / "script.py"
    script.write_text(
        "import json, sys\n"
        "from bench.driver import Context\n"
        "from bench.events import event\n"
        "from relay import ingest\n"
        "answer = ingest.handler(event('/github', b'{}'), Context())\n"
        "assert answer['statusCode'] == 202, answer\n"
        f"print([name for name in {NOT_NEEDED} if name in sys.modules], file=sys.stderr)\n"
    )
    root, relay_toml = Path(__file__).parents[2], tmp_path / "relay.toml"
    text = (root / "bench/relay.toml").read_text("utf-8")
    relay_toml.write_text(text.replace("[[route]]", f'[[route]]\ndelivery = "{delivery}"'), "utf-8")
    environment = {"PYTHONPATH": f"{root}:{root / 'lambda_src'}", "POWERTOOLS_METRICS_NAMESPACE": "a"}
    environment["POWERTOOLS_SERVICE_NAME"] = "a"
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment[name] = os.environ[name]
    environment |= {"AWS_REGION": REGION, "RELAY_CONFIG": str(relay_toml), "DELIVERY_QUEUE_URL": "https://queue"}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert len(aws.asked) == 2

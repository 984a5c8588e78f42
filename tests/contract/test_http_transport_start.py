"""How the direct transport starts: credentials, connections and pauses after a snapshot, and what is imported."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relay import process_cache
from relay.aws import http_transport
from relay.aws.api import SECRETS_MANAGER, STANDARD_RETRY, Transport
from relay.aws.transport import warm_up
from tests.contract.json_service import ACCEPTED, REGION, Aws, aws, credentials, put, serving

__all__ = ["aws", "credentials"]  # fixtures

DIRECT = Transport(http_transport.call, http_transport.begin, http_transport.warm_up)


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


def test_restored_functions_do_not_all_pause_for_the_same_time(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them have the state that `random` had in the snapshot."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for _ in range(2):
        random.seed(0)
        aws.answers = [(500, b"")] * 2
        http_transport.call(SECRETS_MANAGER, REGION, "GetSecretValue", {"SecretId": "a"}, STANDARD_RETRY)
    assert pauses[:2] != pauses[2:]


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

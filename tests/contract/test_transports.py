"""Both transports over real connections: the same requests, the same errors."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import direct, sdk
from relay.call import PARAMETER_STORE, SECRETS_MANAGER, SEVERAL, Call, Patience, Service
from relay.entry import Accepted, Entry
from relay.partner_bus import sender
from tests.contract.json_service import REGION, Aws, aws, credentials, failure, put, serving

__all__ = ["aws", "credentials"]  # fixtures

QUICK = Patience(1, 0.3, 1)


ENTRIES = st.builds(
    Entry,
    time=st.integers(-(10**9), 10**10).map(lambda tenths: datetime.fromtimestamp(tenths / 10, UTC)),
    source=st.just("aws.partner/acme.example/c42/orders"),
    resources=st.lists(st.text("abc:/é", min_size=1, max_size=9), max_size=3).map(tuple),
    detail_type=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    detail=st.dictionaries(st.text("aé\n", max_size=3), st.text("b\x00\u2028", max_size=5)).map(json.dumps),
    region=st.just(REGION),
    bus=st.sampled_from(["", "own"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry=ENTRIES)
def test_both_put_the_same(entry: Entry, aws: Aws) -> None:
    aws.asked.clear()
    for transport in (direct.call, sdk.call):
        assert sender(transport)([entry]) == [Accepted("1")]
    (mine, my_body), (theirs, their_body) = aws.asked
    assert json.loads(my_body) == json.loads(their_body)
    for name in ("content-type", "x-amz-target", "x-amz-security-token", "host"):
        assert mine[name] == theirs[name]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        (SECRETS_MANAGER, "GetSecretValue", {"SecretId": "acme/orders"}),
        (
            SECRETS_MANAGER,
            "PutSecretValue",
            {"SecretId": "acme/orders", "SecretString": "é", "ClientRequestToken": "1" * 32},
        ),
        (PARAMETER_STORE, "GetParameter", {"Name": "/acme/orders", "WithDecryption": True}),
    ],
    ids=["read", "enrol", "parameter"],
)
def test_both_ask_for_secrets_in_the_same_words(
    aws: Aws, service: Service, operation: str, parameters: dict[str, Any]
) -> None:
    for transport in (direct.call, sdk.call):
        transport(service, REGION, operation, parameters, SEVERAL)
    (mine, my_body), (theirs, their_body) = aws.asked
    assert json.loads(my_body) == json.loads(their_body) == parameters
    for name in ("content-type", "x-amz-target", "x-amz-security-token", "host"):
        assert mine[name] == theirs[name]
    scopes = [one["authorization"].split(",")[0].split("/")[2:] for one in (mine, theirs)]
    assert scopes[0] == scopes[1] == [REGION, service.name, "aws4_request"]


@pytest.mark.parametrize("transport", [direct.call, sdk.call], ids=["direct", "boto3"])
@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([(400, b'{"__type":"com.amazonaws.events#ThrottlingException","message":"slow"}')], "ThrottlingException"),
        ([(503, b"")], "503"),
        ([(0, b"")], "ReadTimeoutError"),
    ],
    ids=["throttled", "503", "silent"],
)
def test_both_give_the_same_code(aws: Aws, transport: Call, answers: list[tuple[int, bytes]], code: str) -> None:
    aws.answers = [*answers]
    assert failure(lambda: put(transport, QUICK)).code == code


@pytest.mark.parametrize("transport", [direct.call, sdk.call], ids=["direct", "boto3"])
def test_nobody_there_is_an_endpoint_that_cannot_be_connected_to(
    transport: Call, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Aws()) as port:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert failure(lambda: put(transport)).code == "EndpointConnectionError"
    assert aws.asked == []

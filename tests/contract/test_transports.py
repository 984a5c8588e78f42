"""Both transports over real connections: the same requests, the same errors."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import process_cache
from relay.aws import boto3_clients, boto3_transport, http_transport
from relay.aws.api import (
    DYNAMODB,
    NO_RETRY,
    PARAMETER_STORE,
    SECRETS_MANAGER,
    SQS,
    STANDARD_RETRY,
    AwsCall,
    CallOptions,
    Service,
    Transport,
)
from relay.aws.eventbridge import put_entries
from relay.aws.transport import warm_up
from relay.entry import Accepted, Entry
from tests.contract.json_service import REGION, Aws, aws, credentials, failure, put, serving

__all__ = ["aws", "credentials"]  # fixtures

QUICK = CallOptions(1, 0.3, 1)
CONTAINER_CREDENTIALS = json.dumps(
    {
        "AccessKeyId": "AKIDOFCONTAINER",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z",
    }
).encode()


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
    for transport in (http_transport.call, boto3_transport.call):
        assert put_entries(transport, [entry]) == [Accepted("1")]
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
        (
            DYNAMODB,
            "Query",
            {
                "TableName": "destinations",
                "ConsistentRead": True,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "customer#c42"}},
            },
        ),
        (
            SQS,
            "SendMessageBatch",
            {
                "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/111111111111/delivery",
                "Entries": [{"Id": "0", "MessageBody": "é", "MessageGroupId": "customer/c42"}],
            },
        ),
    ],
    ids=["read", "enroll", "parameter", "destinations", "queue"],
)
def test_both_ask_for_secrets_destinations_and_queues_in_the_same_words(
    aws: Aws, service: Service, operation: str, parameters: dict[str, Any]
) -> None:
    for transport in (http_transport.call, boto3_transport.call):
        transport(service, REGION, operation, parameters, STANDARD_RETRY)
    (mine, my_body), (theirs, their_body) = aws.asked
    assert json.loads(my_body) == json.loads(their_body) == parameters
    for name in ("content-type", "x-amz-target", "x-amz-security-token", "host"):
        assert mine[name] == theirs[name]
    scopes = [one["authorization"].split(",")[0].split("/")[2:] for one in (mine, theirs)]
    assert scopes[0] == scopes[1] == [REGION, service.name, "aws4_request"]


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([(400, b'{"__type":"com.amazonaws.events#ThrottlingException","message":"slow"}')], "ThrottlingException"),
        ([(503, b"")], "503"),
        ([(0, b"")], "ReadTimeoutError"),
    ],
    ids=["throttled", "503", "silent"],
)
def test_both_give_the_same_code(aws: Aws, transport: AwsCall, answers: list[tuple[int, bytes]], code: str) -> None:
    aws.answers = [*answers]
    assert failure(lambda: put(transport, QUICK)).code == code


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_both_say_by_which_id_aws_knows_a_request_that_failed(aws: Aws, transport: AwsCall) -> None:
    aws.answers = [(400, b'{"__type":"AccessDeniedException","message":"no"}')]
    failed = failure(lambda: put(transport, QUICK))
    assert (failed.request_id, failed.message) == ("request-1", "no (AWS request id request-1)")


def test_both_can_be_told_by_their_user_agent(aws: Aws) -> None:
    for transport in (http_transport.call, boto3_transport.call):
        put(transport)
    (mine, _), (theirs, _) = aws.asked
    assert mine["user-agent"].startswith("partner-event-relay lang/python#3.")
    assert "partner-event-relay" in theirs["user-agent"].split()
    assert "user-agent" not in mine["authorization"]


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """None in the environment, nor anywhere else that botocore looks."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    process_cache.clear()
    yield
    process_cache.clear()


@pytest.mark.parametrize("trace", ["Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", "Self=é\r\nx-a: b{}\"'&"])
def test_both_send_the_trace_whatever_a_sender_has_written_into_it(
    trace: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "ingest")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    put(http_transport.call)
    put(boto3_transport.call)
    (mine, _), (theirs, _) = aws.asked
    assert mine["x-amzn-trace-id"] == theirs["x-amzn-trace-id"]
    assert "x-a" not in mine


@pytest.mark.usefixtures("aws", "no_credentials")
@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_credentials_that_were_not_there_are_looked_for_again(
    aws: Aws, transport: AwsCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a function answers 503 until it is deployed anew."""
    assert failure(lambda: put(transport)).code == "NoCredentialsError"
    container = Aws([(200, CONTAINER_CREDENTIALS)])
    with serving(container) as port:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/credentials")
        put(transport)
    [(headers, _)] = aws.asked
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDOFCONTAINER/")


@pytest.mark.usefixtures("no_credentials")
def test_no_adapter_keeps_a_client_without_credentials() -> None:
    with pytest.raises(NoCredentialsError):
        boto3_clients.create_client("sqs", boto3_clients.botocore_config(STANDARD_RETRY), REGION)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("how", ["snap-start", "on-demand"])
def test_boto3s_clients_are_made_while_the_function_starts(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", how)
    monkeypatch.setenv("AWS_REGION", REGION)
    created: list[str] = []
    create = boto3.client

    def counted(name: str, **options: Any) -> Any:
        created.append(name)
        return create(name, **options)  # type: ignore[call-overload]  # by its name

    monkeypatch.setattr(boto3, "client", counted)
    transport = Transport(boto3_transport.call, boto3_transport.begin, boto3_transport.warm_up)
    warm_up(transport, [REGION, "eu-west-1"], ["acme/orders", "ssm:/acme/orders"])
    assert sorted(created) == ["events", "events", "secretsmanager", "ssm"]
    put(transport.call)
    for region in (REGION, "eu-west-1"):
        boto3_transport.client("events", region, NO_RETRY)
    for service in ("secretsmanager", "ssm"):
        boto3_transport.client(service, REGION, STANDARD_RETRY)
    assert len(created) == 4


@pytest.mark.parametrize("transport", [http_transport.call, boto3_transport.call], ids=["direct", "boto3"])
def test_nobody_there_is_an_endpoint_that_cannot_be_connected_to(
    transport: AwsCall, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Aws()) as port:
        pass
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert failure(lambda: put(transport)).code == "EndpointConnectionError"
    assert aws.asked == []

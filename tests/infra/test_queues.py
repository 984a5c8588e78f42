"""The queues of the stack and the bucket beside them: what they keep, for how long, and who reads them."""

import pytest
from aws_cdk.assertions import Template

from relay.pipeline.waiting import backoff_seconds
from tests.infra.conftest import ENVIRONMENT, RELAY_TOML, allowed, flat, only, resources, synthesise


@pytest.mark.parametrize("name", ["QueuesDelivery", "QueuesRetry", "QueuesDeadLetters"])
def test_the_queues_are_encrypted_keep_as_long_as_sqs_can_and_outlive_the_stack(template: Template, name: str) -> None:
    queue = only(template, "AWS::SQS::Queue", name)
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["DeletionPolicy"] == "Retain"


def test_the_queues_and_the_bucket_refuse_plain_http(template: Template) -> None:
    policies = {**resources(template, "AWS::SQS::QueuePolicy"), **resources(template, "AWS::S3::BucketPolicy")}
    assert len(policies) == 4
    for policy in policies.values():
        [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert statement["Action"] in {"sqs:*", "s3:*"}
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("name", ["QueuesDelivery", "QueuesRetry"])
def test_what_the_redeliver_function_cannot_survive_is_dead_lettered_by_sqs(template: Template, name: str) -> None:
    queue = only(template, "AWS::SQS::Queue", name)["Properties"]
    policy = queue["RedrivePolicy"]
    assert flat(policy["deadLetterTargetArn"]) == "<QueuesDeadLetters>"
    # Far more receives than a day of postponing has, and all of them fit into the retention.
    assert 24 * 3600 / backoff_seconds(100, 0) + 10 < policy["maxReceiveCount"] <= 1000
    assert policy["maxReceiveCount"] * queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"]
    function = only(template, "AWS::Lambda::Function", "Redeliver")["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


@pytest.mark.parametrize(("name", "batch", "concurrency"), [("Retry", 100, 5), ("Delivery", 20, 10)])
def test_each_queue_feeds_the_redeliver_function_in_bounded_batches_of_its_own(
    template: Template, name: str, batch: int, concurrency: int
) -> None:
    mapping = only(template, "AWS::Lambda::EventSourceMapping", f"Redeliver{name}Queue")["Properties"]
    assert flat(mapping["EventSourceArn"]) == f"<Queues{name}>"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": concurrency}
    assert mapping["BatchSize"] == batch


def test_only_a_route_that_is_queued_lets_the_ingest_function_send_to_the_delivery_queue(template: Template) -> None:
    queued = synthesise(RELAY_TOML.replace('path = "/github"', 'path = "/github"\ndelivery = "queued"'))
    assert allowed(queued, "Ingest")["sqs:SendMessage"] - allowed(template, "Ingest")["sqs:SendMessage"] == {
        "<QueuesDelivery>"
    }
    environment = only(queued, "AWS::Lambda::Function", "Ingest")["Properties"]["Environment"]["Variables"]
    assert environment.keys() - ENVIRONMENT == {"DELIVERY_QUEUE_URL"}


def test_the_bucket_is_private_encrypted_and_forgets_after_the_queues_have(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    [encryption] = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [rule] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule == {"ExpirationInDays": 30, "Status": "Enabled"}
    assert bucket["DeletionPolicy"] == "Retain"

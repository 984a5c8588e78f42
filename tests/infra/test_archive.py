"""What `[archive]` adds to the stack, and that it adds nothing without it."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import allowed, flat, only, resources, synthesise
from tests.infra.destinations import TOML

STREAM, BUCKET = "AWS::KinesisFirehose::DeliveryStream", "<ArchiveBucket>"


@pytest.fixture(scope="module")
def with_archive() -> Template:
    return synthesise(TOML + '[archive]\nkeep = "30 days"\n')


def test_without_it_there_is_nothing_of_it(template: Template) -> None:
    assert resources(template, STREAM) == {}
    assert "firehose:PutRecord" not in allowed(template, "Ingest")
    assert "ArchiveBucket" not in template.find_outputs("*")


def test_a_webhook_is_kept_for_as_long_as_relay_toml_says_and_the_day_it_came(with_archive: Template) -> None:
    bucket = only(with_archive, "AWS::S3::Bucket", "Archive")["Properties"]
    assert {rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]} == {31, None}


def test_the_stream_is_encrypted_and_writes_compressed_objects_by_the_hour(with_archive: Template) -> None:
    stream = only(with_archive, STREAM)["Properties"]
    target: dict[str, Any] = stream["ExtendedS3DestinationConfiguration"]
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    assert (target["CompressionFormat"], target["BufferingHints"]) == (
        "GZIP",
        {"IntervalInSeconds": 60, "SizeInMBs": 64},
    )
    assert target["Prefix"] == "archive/!{timestamp:yyyy/MM/dd/HH}/"
    # Firehose refuses a prefix with an expression without one for errors that names the kind of error.
    assert "!{firehose:error-output-type}" in target["ErrorOutputPrefix"]


def test_the_stream_is_made_after_the_role_may_write(with_archive: Template) -> None:
    depends_on = only(with_archive, STREAM)["DependsOn"]
    assert any(name.startswith("ArchiveRoleDefaultPolicy") for name in depends_on)


def test_firehose_may_write_to_the_bucket_and_delete_nothing(with_archive: Template) -> None:
    rights = allowed(with_archive, "Archive")
    assert rights["s3:PutObject"] == {f"{BUCKET}/*"}
    assert "s3:DeleteObject" not in rights


def test_only_who_receives_webhooks_may_archive_and_only_the_releaser_read(
    with_archive: Template,
) -> None:
    ingest, releaser = allowed(with_archive, "Ingest"), allowed(with_archive, "DestinationsReleaser")
    assert ingest["firehose:PutRecord"] == {"<ArchiveStream>"}
    assert {f"{BUCKET}/archive/late/*", f"{BUCKET}/archive/large/*"} < ingest["s3:PutObject"]
    assert f"{BUCKET}/archive/*" in releaser["s3:GetObject"]
    assert BUCKET in releaser["s3:ListBucket"]
    for function in ("Redeliver", "DestinationsControlRole", "DestinationsReconciler"):
        assert not any(BUCKET in resource for found in allowed(with_archive, function).values() for resource in found)


def test_the_releaser_may_store_claim_checks_for_what_it_holds_again_if_a_route_makes_them(
    with_archive: Template,
) -> None:
    with_claims = TOML.replace('path = "/customers"', 'path = "/customers"\non_oversize = "claim-check"')
    large = synthesise(with_claims + "[archive]\n")
    claims = "<QueuesOverflow>/claims/*"
    assert claims in allowed(large, "DestinationsReleaser")["s3:PutObject"]
    assert claims not in allowed(with_archive, "DestinationsReleaser")["s3:PutObject"]


def test_a_stream_that_does_not_write_is_an_alarm(with_archive: Template) -> None:
    alarm = only(with_archive, "AWS::CloudWatch::Alarm", "MonitoringArchiveStuck")["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("DeliveryToS3.DataFreshness", 900)
    assert flat(alarm["Dimensions"][0]["Value"]).startswith("${ArchiveStream")

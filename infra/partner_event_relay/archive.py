"""The archive: an Amazon Data Firehose stream that writes webhooks to a bucket, by the hour."""

import math

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.private_bucket import private_bucket
from partner_event_relay.stages import Stage
from relay.archive import keys
from relay.config.archive import Archive as ArchiveSettings

DAY_SECONDS = 86400
BUFFER_SECONDS, BUFFER_MB = 60, 64
HOURS = "!{timestamp:yyyy/MM/dd/HH}/"


class Archive(Construct):
    """The delivery stream and its bucket: encrypted, TLS only, and ended by the bucket's lifecycle after `keep`."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: ArchiveSettings, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bucket = private_bucket(
            self,
            "Bucket",
            stage=stage,
            lifecycle_rules=[
                # The day on which a webhook came counts in full.
                s3.LifecycleRule(expiration=cdk.Duration.days(math.ceil(settings.keep / DAY_SECONDS) + 1)),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
            ],
        )
        self._stream = self._add_stream(stage)

    def _add_stream(self, stage: Stage) -> firehose.CfnDeliveryStream:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        log_group = logs.LogGroup(self, "Log", retention=stage.log_retention, removal_policy=stage.removal_policy)
        log_stream = logs.LogStream(self, "Errors", log_group=log_group, removal_policy=stage.removal_policy)
        # The construct of the CDK would allow it to delete objects, too.
        # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
        bucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        objects = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        for actions, resource in (
            (bucket, self.bucket.bucket_arn),
            (objects, self.bucket.arn_for_objects("*")),
            (["logs:PutLogEvents"], log_group.log_group_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        target = firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=self.bucket.bucket_arn,
            role_arn=role.role_arn,
            prefix=f"{keys.ROOT}{HOURS}",
            error_output_prefix=f"{keys.ERRORS}!{{firehose:error-output-type}}/{HOURS}",
            buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                interval_in_seconds=BUFFER_SECONDS, size_in_m_bs=BUFFER_MB
            ),
            compression_format="GZIP",
            cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=log_group.log_group_name, log_stream_name=log_stream.log_stream_name
            ),
        )
        encryption = firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
            key_type="AWS_OWNED_CMK"
        )
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=encryption,
            extended_s3_destination_configuration=target,
        )
        stream.node.add_dependency(role)  # and its policy, which Firehose needs from the first record on
        return stream

    def grant_write(self, function: RelayFunction) -> None:
        """Allow the function to archive webhooks, and tell it where."""
        function.add_environment("ARCHIVE_STREAM", self._stream.ref)
        function.add_environment("ARCHIVE_BUCKET", self.bucket.bucket_name)
        function.allow(["firehose:PutRecord"], [self._stream.attr_arn])
        objects = [self.bucket.arn_for_objects(f"{prefix}*") for prefix in (keys.LATE, keys.LARGE)]
        function.allow(["s3:PutObject"], objects)

    def grant_read(self, function: RelayFunction) -> None:
        """Allow the function to read what is archived."""
        function.add_environment("ARCHIVE_BUCKET", self.bucket.bucket_name)
        function.allow(["s3:GetObject"], [self.bucket.arn_for_objects(f"{keys.ROOT}*")])
        function.allow(["s3:ListBucket"], [self.bucket.bucket_arn])

    def metric_freshness(self) -> cloudwatch.Metric:
        """Return the age in seconds of the oldest record that Firehose has not written to the bucket yet."""
        return cloudwatch.Metric(
            namespace="AWS/Firehose",
            metric_name="DeliveryToS3.DataFreshness",
            dimensions_map={"DeliveryStreamName": self._stream.ref},
            statistic="Maximum",
            period=cdk.Duration.minutes(5),
        )

"""The buckets of the relay, which have customers' payloads."""

from collections.abc import Sequence

from aws_cdk import aws_s3 as s3
from constructs import Construct

from partner_event_relay.stages import Stage


def private_bucket(
    scope: Construct, construct_id: str, *, stage: Stage, lifecycle_rules: Sequence[s3.LifecycleRule]
) -> s3.Bucket:
    """Add a bucket that is encrypted, answers over TLS only, is never public, and is retained if the stage says so."""
    return s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        lifecycle_rules=list(lifecycle_rules),
        removal_policy=stage.removal_policy,
    )

"""The adapter to the overflow bucket, for what is too large for a queue or for an event."""

import os
import uuid
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from relay import process_cache
from relay.aws import boto3_clients
from relay.aws.api import STORAGE_RETRY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# Presigned URLs must name the bucket's own Region. By default botocore signs them for S3's global host name, which
# redirects or answers 400 outside of us-east-1.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#VirtualHostingBackwardsCompatibility
_REGIONAL = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)


@process_cache.once
def _client() -> "S3Client":
    client: S3Client = boto3_clients.create_client("s3", boto3_clients.botocore_config(STORAGE_RETRY).merge(_REGIONAL))
    return client


def bucket_name() -> str:
    """Return the bucket's name, which the stack has set."""
    return os.environ["OVERFLOW_BUCKET"]


def store(prefix: str, content: bytes, content_type: str) -> str:
    """Store `content` under a new key that begins with `prefix/` and return the key. Raise the SDK's errors."""
    key = f"{prefix}/{uuid.uuid4()}"
    store_at(key, content, content_type)
    return key


def store_at(key: str, content: bytes, content_type: str) -> None:
    """Store `content` under `key`, replacing what is there. Raise the SDK's errors."""
    _client().put_object(Bucket=bucket_name(), Key=key, Body=content, ContentType=content_type)


def load(key: str) -> bytes | None:
    """Return the content that is stored under `key`, or None if there is none. Raise the SDK's other errors."""
    try:
        content: bytes = _client().get_object(Bucket=bucket_name(), Key=key)["Body"].read()
    except ClientError as error:
        # Without s3:ListBucket, S3 answers AccessDenied for a key that does not exist.
        if error.response["Error"]["Code"] in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    return content


def store_overflow(text: str) -> str:
    """Store the text of a message that is too large for a queue, and return its key. Raise OSError."""
    try:
        return store("overflow", text.encode(), "application/json")
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(f"overflow bucket: {boto3_clients.describe_error(error)}") from error


def store_detail(text: str) -> tuple[str, str]:
    """Store the JSON text of an event's detail and return its bucket and key. Raise OSError."""
    try:
        return bucket_name(), store("claims", text.encode(), "application/json")
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(f"overflow bucket: {boto3_clients.describe_error(error)}") from error


def presign(key: str, seconds: int) -> str:
    """Return a URL at which anyone can download the content. Raise OSError.

    It is valid for `seconds`, or as long as the function's credentials, whichever ends first.
    """
    location = {"Bucket": bucket_name(), "Key": key}
    try:
        url: str = _client().generate_presigned_url("get_object", Params=location, ExpiresIn=seconds)
    except Exception as error:  # no credentials at this moment
        raise OSError(f"overflow bucket: {boto3_clients.describe_error(error)}") from error
    return url

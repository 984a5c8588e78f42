"""The adapter to the overflow bucket: what is too large for a queue or for an event."""

import os
import uuid
from functools import cache
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from relay.aws import boto3_clients

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# Presigned URLs have to name the bucket's own Region. By default botocore signs them for S3's global host name, which
# redirects or answers 400 outside of us-east-1.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#VirtualHostingBackwardsCompatibility
_REGIONAL = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)


@cache
def _client() -> "S3Client":
    client: S3Client = boto3_clients.client("s3", boto3_clients.CONFIG_STORE.merge(_REGIONAL))
    return client


def name() -> str:
    """The bucket's name."""
    return os.environ["OVERFLOW_BUCKET"]


def put(prefix: str, content: bytes, content_type: str) -> str:
    """Store `content` under a new key that begins with `prefix/`; gives the key. Raises the SDK's errors."""
    key = f"{prefix}/{uuid.uuid4()}"
    put_at(key, content, content_type)
    return key


def put_at(key: str, content: bytes, content_type: str) -> None:
    """Store `content` under `key`, instead of what is there. Raises the SDK's errors."""
    _client().put_object(Bucket=name(), Key=key, Body=content, ContentType=content_type)


def get(key: str) -> bytes | None:
    """What is stored there, or None. Raises the SDK's errors, but not for a key that there is not."""
    try:
        content: bytes = _client().get_object(Bucket=name(), Key=key)["Body"].read()
    except ClientError as error:
        # Without s3:ListBucket, a key that is not there is denied.
        if error.response["Error"]["Code"] in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    return content


def leave(text: str) -> tuple[str, str]:
    """Bucket and key of the JSON text, which is stored there now. Raises OSError."""
    try:
        return name(), put("claims", text.encode(), "application/json")
    except Exception as error:
        raise OSError(f"overflow bucket: {boto3_clients.reason(error)}") from error


def presign(key: str, seconds: int) -> str:
    """Return a URL that gives the content to whoever has it. Raises OSError.

    It is good for `seconds`, or as long as the function's credentials live.
    """
    where = {"Bucket": name(), "Key": key}
    try:
        url: str = _client().generate_presigned_url("get_object", Params=where, ExpiresIn=seconds)
    except Exception as error:  # no credentials at this moment
        raise OSError(f"overflow bucket: {boto3_clients.reason(error)}") from error
    return url

"""The bucket of the archive."""

import os

from relay import process_cache
from relay.aws.api import STORAGE_RETRY
from relay.aws.boto3_clients import botocore_config, create_client
from relay.aws.object_store import ObjectStore


@process_cache.once
def connect() -> ObjectStore:
    """Return the bucket that the stack has set. Raise the SDK's errors."""
    return ObjectStore(create_client("s3", botocore_config(STORAGE_RETRY)), os.environ["ARCHIVE_BUCKET"], "archive")

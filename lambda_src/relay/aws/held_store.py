"""The bucket of held entries."""

import os
from itertools import islice
from typing import TYPE_CHECKING

from relay import process_cache
from relay.aws.api import STORAGE_RETRY
from relay.aws.boto3_clients import botocore_config, create_client
from relay.aws.object_store import ObjectStore
from relay.destinations.held import parse_key

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

MAX_COUNTED = 999
"""One request to S3 lists a thousand keys: the customers' page asks for twenty destinations, every few seconds."""


@process_cache.once
def connect() -> "HeldStore":
    """Return the bucket that the stack has set. Raise the SDK's errors."""
    return HeldStore(create_client("s3", botocore_config(STORAGE_RETRY)), os.environ["HELD_BUCKET"])


class HeldStore(ObjectStore):
    """The bucket `name`, whose objects are entries that wait for their customers."""

    def __init__(self, client: "S3Client", name: str) -> None:
        super().__init__(client, name, "held entries")

    def count(self, prefix: str) -> tuple[int, "datetime | None"]:
        """Return the number of objects, at most MAX_COUNTED + 1, and when the webhook of the first was received."""
        keys = list(islice(self.keys(prefix), MAX_COUNTED + 1))
        first = parse_key(keys[0]) if keys else None
        return len(keys), first.received_at if first else None

"""The adapter to the bucket of held entries: whole objects by key, listed in the order of their keys.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from relay import process_cache
from relay.aws.api import STORAGE_RETRY
from relay.aws.boto3_clients import botocore_config, create_client, describe_error
from relay.destinations.held import parse_key

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

MAX_COUNTED = 10_000
_KEYS_A_REQUEST = 1000
_MISSING = {"NoSuchKey", "404"}


@process_cache.once
def connect() -> "HeldStore":
    """Return the bucket that the stack has set. Raise the SDK's errors."""
    return HeldStore(create_client("s3", botocore_config(STORAGE_RETRY)), os.environ["HELD_BUCKET"])


class HeldStore:
    """The bucket `name`. Every method raises OSError if S3 cannot be reached or refuses."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def write(self, key: str, content: bytes) -> None:
        """Store `content` under `key`, replacing what is there."""
        self._call("put_object", Key=key, Body=content, ContentType="application/x-ndjson")

    def read(self, key: str) -> bytes | None:
        """Return the content of `key`, None if there is none."""
        try:
            answer = self._client.get_object(Bucket=self._name, Key=key)
            content: bytes = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise _unreachable(error) from error
        except BotoCoreError as error:
            raise _unreachable(error) from error
        return content

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in their order; only one page of them is in memory."""
        start = ""
        while True:
            page = self._call("list_objects_v2", Prefix=prefix, StartAfter=start, MaxKeys=_KEYS_A_REQUEST)
            found = [item["Key"] for item in page.get("Contents", [])]
            yield from found
            if not page.get("IsTruncated"):
                return
            start = found[-1]

    def first_key(self, prefix: str, after: str) -> str | None:
        """Return the first key that begins with `prefix` and comes after `after`, None if there is none."""
        page = self._call("list_objects_v2", Prefix=prefix, StartAfter=after, MaxKeys=1)
        return next((str(item["Key"]) for item in page.get("Contents", [])), None)

    def copy(self, key: str, to: str) -> None:
        """Copy an object within the bucket."""
        self._call("copy_object", Key=to, CopySource={"Bucket": self._name, "Key": key})

    def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is no error."""
        self._call("delete_object", Key=key)

    def delete_keys(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is gone already is no error."""
        for start in range(0, len(keys), _KEYS_A_REQUEST):
            objects = [{"Key": key} for key in keys[start : start + _KEYS_A_REQUEST]]
            answer = self._call("delete_objects", Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                raise OSError(f"held entries: {errors[0].get('Code')}: {errors[0].get('Key')} was not deleted")

    def count(self, prefix: str) -> tuple[int, "datetime | None"]:
        """Return the number of objects, at most MAX_COUNTED + 1, and when the webhook of the first was received."""
        keys = list(islice(self.keys(prefix), MAX_COUNTED + 1))
        first = parse_key(keys[0]) if keys else None
        return len(keys), first.received_at if first else None

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=self._name, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> OSError:
    return OSError(f"held entries: {describe_error(error)}")

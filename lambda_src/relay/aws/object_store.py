"""The adapter to an S3 bucket: whole objects by key, listed in the order of their keys, or read as they come.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from relay.aws.boto3_clients import describe_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEYS_A_REQUEST = 1000
_MISSING = {"NoSuchKey", "404"}


class ObjectStore:
    """The bucket `name`, which has `what`. Every method raises OSError if S3 cannot be reached or refuses."""

    def __init__(self, client: "S3Client", name: str, what: str) -> None:
        self._client = client
        self._name = name
        self._what = what

    def write(self, key: str, content: bytes) -> None:
        """Store JSON Lines under `key`, replacing what is there."""
        self._call("put_object", Key=key, Body=content, ContentType="application/x-ndjson")

    def read(self, key: str) -> bytes | None:
        """Return the content of `key`, None if there is none."""
        stream = self.open(key)
        return stream.read() if stream else None

    def open(self, key: str) -> IO[bytes] | None:
        """Return the content of `key` as a stream, None if there is none; to read it raises OSError, too."""
        try:
            stream: IO[bytes] = self._client.get_object(Bucket=self._name, Key=key)["Body"]  # type: ignore[assignment]  # it has what is used
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise self._unreachable(error) from error
        except BotoCoreError as error:
            raise self._unreachable(error) from error
        return _Stream(stream, self._unreachable)  # type: ignore[return-value]  # it has what is used

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in their order; only one page of them is in memory."""
        return (key for key, _ in self.changes(prefix))

    def changes(self, prefix: str, after: str = "") -> Iterator[tuple[str, datetime]]:
        """Yield the keys that begin with `prefix` and come after `after`, and when each was written, as `keys` does."""
        while True:
            page = self._call("list_objects_v2", Prefix=prefix, StartAfter=after, MaxKeys=_KEYS_A_REQUEST)
            found = [(item["Key"], item["LastModified"]) for item in page.get("Contents", [])]
            yield from found
            if not page.get("IsTruncated"):
                return
            after = found[-1][0]

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
                raise OSError(f"{self._what}: {errors[0].get('Code')}: {errors[0].get('Key')} was not deleted")

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=self._name, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> OSError:
        return OSError(f"{self._what}: {describe_error(error)}")


class _Stream:
    """A stream of the SDK whose errors are OSError."""

    def __init__(self, stream: IO[bytes], failure: Callable[[Exception], OSError]) -> None:
        self._stream = stream
        self._failure = failure

    def read(self, size: int | None = None) -> bytes:
        """Return so many bytes, fewer only at the end."""
        try:
            return self._stream.read(size) if size is not None else self._stream.read()
        except (BotoCoreError, HTTPError) as error:
            raise self._failure(error) from error

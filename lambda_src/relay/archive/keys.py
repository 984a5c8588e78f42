"""Where the archive keeps its records: by the hour, in UTC, in which they came.

archive/2026/11/26/09/…          what Firehose has written, many records in an object
archive/late/2026/11/26/09/…     one record that Firehose did not take
archive/large/2026/11/26/09/…    one record that is too large for it: Firehose has a pointer
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

ROOT, LATE, LARGE = "archive/", "archive/late/", "archive/large/"
ERRORS = "archive-errors/"
"""What Firehose could not deliver."""
HOUR = timedelta(hours=1)


def record_key(root: str, received_at: datetime, request_id: str) -> str:
    """Return the key of one record, below LATE or LARGE."""
    name = quote(request_id.encode("utf-8", "surrogatepass"), safe="=") or str(uuid.uuid4())
    return f"{root}{_hour(received_at)}{name}"


def prefixes(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the prefixes, in order, of all that may have been received from `since` to `until`.

    Firehose names an object after the arrival of its oldest record, so one of the first minutes of an hour may lie
    under the hour before; and a record may come to Firehose in the hour after it was received.
    https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
    """
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    while hour <= until + HOUR:
        yield ROOT + _hour(hour)
        yield LATE + _hour(hour)
        hour += HOUR


def _hour(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y/%m/%d/%H}/"

"""The adapter that archives webhooks through Amazon Data Firehose, beside what else is done with them.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from relay.archive import keys
from relay.archive.record import ArchivedWebhook, Pointer, record_of
from relay.aws.api import FIREHOSE, FIREHOSE_PUT, AwsBegin, AwsError, Service
from relay.entry import Entry
from relay.mapping.parsed_webhook import ParsedWebhook

if TYPE_CHECKING:  # only a route with a customer needs it
    from relay.destinations.addressing import Addressee

MAX_RECORD_BYTES = 1000 * 1024
LATE_SECONDS = 12
"""What has to be left of the function's time before Firehose is waited for, 2 s at worst, and then a record is stored
by itself, 8 s at worst."""

WriteObject = Callable[[str, bytes], None]
"""Store an object in the archive's bucket. Raise OSError."""
ReportFailure = Callable[[Service, str, str, AwsError], None]
"""Report a call that failed: service, Region, operation, error."""


@dataclass(frozen=True, slots=True)
class ArchiveWriter:
    """The delivery stream `stream` of a Region, and its bucket; `fingerprint` returns that of a route's mapping.

    A record is sent to Firehose before EventBridge is called, and its answer is read afterwards: a thread for it would
    cost more than the whole webhook. `send` begins a call, `write` stores an object, and `report` logs a failed call.
    """

    region: str
    stream: str
    fingerprint: Callable[[str], str]
    send: AwsBegin
    write: WriteObject
    report: ReportFailure

    def begin(self, parsed: ParsedWebhook, planned: "Sequence[Entry | Addressee]") -> Callable[[float], str]:
        """Send a webhook and what it is to become to the archive.

        The function returned waits until it is there. Given for how many seconds the process may still run, it returns
        an empty text, or why the webhook is not in the archive. Neither raises.
        """
        record = record_of(parsed, planned, self.fingerprint(parsed.webhook.route.name))
        try:
            return partial(self._finish, record, self._put(record))
        except (AwsError, OSError) as error:
            return partial(self._write_late, record, error)

    def _put(self, record: ArchivedWebhook) -> Callable[[], object]:
        """Send a record, once: Firehose would have a second one twice. Raise AwsError, OSError."""
        line = record.line()
        if len(line) > MAX_RECORD_BYTES:
            key = keys.record_key(keys.LARGE, record.received_at, record.request.request_id)
            self.write(key, line)
            line = Pointer(key, record.received_at).line()
        parameters = {"DeliveryStreamName": self.stream, "Record": {"Data": line}}
        return self.send(FIREHOSE, self.region, "PutRecord", parameters, FIREHOSE_PUT)

    def _finish(self, record: ArchivedWebhook, receive: Callable[[], object], seconds_left: float) -> str:
        try:
            receive()
        except AwsError as error:
            return self._write_late(record, error, seconds_left)
        return ""

    def _write_late(self, record: ArchivedWebhook, error: AwsError | OSError, seconds_left: float) -> str:
        """Store a record that Firehose did not take."""
        if isinstance(error, AwsError):
            self.report(FIREHOSE, self.region, "PutRecord", error)
        if seconds_left < LATE_SECONDS:
            return f"{error}; there was no time to store it"
        try:
            self.write(keys.record_key(keys.LATE, record.received_at, record.request.request_id), record.line())
        except OSError as late:
            return f"{error}; {late}"
        return ""

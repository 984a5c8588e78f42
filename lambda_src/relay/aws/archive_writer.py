"""The adapter that archives webhooks through Amazon Data Firehose, beside what else is done with them.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
"""

import math
import time
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
ANSWER_SECONDS, PUT_SECONDS, STORE_SECONDS = 2, 5, 10
"""What has to be left of the function's time before Firehose's answer is waited for, before it is called and answers,
which takes 4 s at worst, and before a record is stored by itself, which takes 8 s at worst."""
QUIET_SECONDS = 5
"""For how long Firehose is not asked again after a failure: each webhook would wait for it."""

SecondsLeft = Callable[[], float]
"""Return for how many seconds the process may still run."""
WriteObject = Callable[[str, bytes], None]
"""Store an object in the archive's bucket. Raise OSError."""
ReportFailure = Callable[[Service, str, str, AwsError], None]
"""Report a call that failed: service, Region, operation, error."""


@dataclass(slots=True)
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
    clock: Callable[[], float] = time.monotonic
    quiet_until: float = -math.inf

    def begin(self, parsed: ParsedWebhook, planned: "Sequence[Entry | Addressee]") -> Callable[[SecondsLeft], str]:
        """Send a webhook and what it is to become to the archive.

        The function returned waits until it is there, as long as the process may run. It returns an empty text, or why
        the webhook is not in the archive. Neither raises, whatever fails: the webhook goes on.
        """
        try:
            record = record_of(parsed, planned, self.fingerprint(parsed.webhook.route.name))
            line = record.line()
        except Exception as error:  # noqa: BLE001 - a record that cannot be written fails no webhook
            return partial(_failed, f"{type(error).__name__}: {error}")
        if len(line) > MAX_RECORD_BYTES:  # its own object comes first, and that takes time
            return partial(self._finish, record, partial(self._put_large, record))
        try:
            return partial(self._finish, record, partial(self._answer, self._put(line)))
        except Exception as error:  # noqa: BLE001 - whatever the transport raises, the record is stored by itself
            return partial(self._finish, record, partial(_raise, error))

    def _finish(self, record: ArchivedWebhook, work: Callable[[SecondsLeft], None], seconds_left: SecondsLeft) -> str:
        """Do what is left to be done for a record, and store it by itself if Firehose does not take it."""
        try:
            work(seconds_left)
        except _GiveUpError as error:
            return str(error)
        except AwsError as error:
            self.quiet_until = self.clock() + QUIET_SECONDS
            self.report(FIREHOSE, self.region, "PutRecord", error)
            return self._write_late(record, str(error), seconds_left)
        except Exception as error:  # noqa: BLE001 - the webhook has been put: nothing may fail it now
            return self._write_late(record, f"{type(error).__name__}: {error}", seconds_left)
        return ""

    def _put(self, line: bytes) -> Callable[[], object]:
        """Send a line, once: Firehose would have a second one twice. Raise AwsError."""
        self._require_firehose()
        parameters = {"DeliveryStreamName": self.stream, "Record": {"Data": line}}
        return self.send(FIREHOSE, self.region, "PutRecord", parameters, FIREHOSE_PUT)

    def _require_firehose(self) -> None:
        if self.clock() < self.quiet_until:
            raise _QuietError("Firehose has just failed")

    @staticmethod
    def _answer(receive: Callable[[], object], seconds_left: SecondsLeft) -> None:
        if seconds_left() < ANSWER_SECONDS:
            raise _GiveUpError("there was no time for the answer of Firehose")
        receive()

    def _put_large(self, record: ArchivedWebhook, seconds_left: SecondsLeft) -> None:
        """Store a record that is too large for Firehose, and send where it is."""
        if seconds_left() < STORE_SECONDS:
            raise _GiveUpError("there was no time to store so large a webhook")
        self._require_firehose()
        key = keys.record_key(keys.LARGE, record.received_at, record.request.request_id)
        try:
            self.write(key, record.line())
        except OSError as error:  # to write the same elsewhere would only take more time
            raise _GiveUpError(str(error)) from error
        if seconds_left() < PUT_SECONDS:
            raise _GiveUpError(f"there was no time to say that {key} is there")
        self._put(Pointer(key, record.received_at).line())()

    def _write_late(self, record: ArchivedWebhook, error: str, seconds_left: SecondsLeft) -> str:
        """Store a record that Firehose did not take."""
        if seconds_left() < STORE_SECONDS:
            return f"{error}; there was no time to store it"
        try:
            self.write(keys.record_key(keys.LATE, record.received_at, record.request.request_id), record.line())
        except OSError as late:
            return f"{error}; {late}"
        return ""


class _GiveUpError(Exception):
    """The record is not in the archive, and nothing more is tried: the time is short, or the bucket has failed."""


class _QuietError(Exception):
    """Firehose is left alone for some seconds."""


def _raise(error: Exception, _seconds_left: SecondsLeft) -> None:
    raise error


def _failed(error: str, _seconds_left: SecondsLeft) -> str:
    return error

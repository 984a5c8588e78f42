"""Whether entries wait in the retry queue, or for an operator in the dead-letter queue."""

from dataclasses import dataclass, replace

from relayctl.doctor.finding import RUNBOOK, Check, Finding, Unread, not_checked, ok, wrong

LONG_WAIT_SECONDS = 15 * 60
"""As the alarm Waiting has it."""


@dataclass(frozen=True, slots=True)
class QueueReading:
    """How many messages a queue has, and the age of the oldest in seconds, None where nothing was measured."""

    messages: int
    oldest_seconds: float | Unread | None


def check_queues(retry: QueueReading | Unread, dead_letters: QueueReading | Unread) -> list[Finding]:
    """Return what waits too long, and whether there are dead letters."""
    return [*_check_retry(retry), *_check_dead_letters(dead_letters)]


def _check_retry(retry: QueueReading | Unread) -> list[Finding]:
    where = "retry queue"
    if isinstance(retry, Unread):
        return [not_checked(Check.QUEUES, where, retry)]
    if not retry.messages:
        return [ok(Check.QUEUES, "empty", where)]
    if isinstance(retry.oldest_seconds, Unread):
        reason = f"{_messages(retry)}, and for how long is not known: {retry.oldest_seconds.reason}"
        return [not_checked(Check.QUEUES, where, replace(retry.oldest_seconds, reason=reason))]
    oldest = retry.oldest_seconds or 0
    if oldest >= LONG_WAIT_SECONDS:
        message = f"{_messages(retry)}, the oldest for {duration(oldest)}: EventBridge does not accept something"
        return [wrong(Check.QUEUES, where, message, f"{RUNBOOK}#waiting")]
    return [ok(Check.QUEUES, f"{_messages(retry)}, none for long", where)]


def _check_dead_letters(queue: QueueReading | Unread) -> list[Finding]:
    where = "dead-letter queue"
    if isinstance(queue, Unread):
        return [not_checked(Check.QUEUES, where, queue)]
    if not queue.messages:
        return [ok(Check.QUEUES, "empty", where)]
    # They need an operator, however old they are.
    oldest = None if isinstance(queue.oldest_seconds, Unread) else queue.oldest_seconds
    age = "" if oldest is None else f", the oldest for {duration(oldest)}"
    action = f"relayctl dead-letters list; {RUNBOOK}#dead-letters"
    return [wrong(Check.QUEUES, where, f"{_messages(queue)}{age}", action)]


def _messages(queue: QueueReading) -> str:
    return f"{queue.messages} message waits" if queue.messages == 1 else f"{queue.messages} messages wait"


def duration(seconds: float) -> str:
    """Return `40 s`, `90 min`, `3 h` or `2 days`, rounded down."""
    for unit, length, least in (("days", 86400, 2 * 86400), ("h", 3600, 2 * 3600), ("min", 60, 60)):
        if seconds >= least:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"

"""Whether entries wait in the delivery queue or the retry queue, or for an operator in the dead-letter queue."""

from dataclasses import dataclass, replace

from relayctl.doctor.finding import RUNBOOK, Check, Finding, Unread, not_checked, ok, wrong

LONG_WAIT_SECONDS = 15 * 60
"""As the alarm Waiting has it."""
SLOW_DELIVERY_SECONDS = 60
"""As the alarm DeliveryDelayed has it."""


@dataclass(frozen=True, slots=True)
class QueueReading:
    """How many messages a queue has, and the age of the oldest in seconds, None where nothing was measured."""

    messages: int
    oldest_seconds: float | Unread | None


def check_queues(
    delivery: QueueReading | Unread, retry: QueueReading | Unread, dead_letters: QueueReading | Unread
) -> list[Finding]:
    """Return what waits too long, and whether there are dead letters."""
    slow, stuck = "the redeliver function does not keep up", "EventBridge does not accept something"
    return [
        _check_waiting("delivery queue", delivery, SLOW_DELIVERY_SECONDS, slow, "deliverydelayed"),
        _check_waiting("retry queue", retry, LONG_WAIT_SECONDS, stuck, "waiting"),
        *_check_dead_letters(dead_letters),
    ]


def _check_waiting(where: str, queue: QueueReading | Unread, longest: float, why: str, section: str) -> Finding:
    if isinstance(queue, Unread):
        return not_checked(Check.QUEUES, where, queue)
    if not queue.messages:
        return ok(Check.QUEUES, "empty", where)
    if isinstance(queue.oldest_seconds, Unread):
        reason = f"{_messages(queue)}, and for how long is not known: {queue.oldest_seconds.reason}"
        return not_checked(Check.QUEUES, where, replace(queue.oldest_seconds, reason=reason))
    oldest = queue.oldest_seconds or 0
    if oldest >= longest:
        message = f"{_messages(queue)}, the oldest for {duration(oldest)}: {why}"
        return wrong(Check.QUEUES, where, message, f"{RUNBOOK}#{section}")
    return ok(Check.QUEUES, f"{_messages(queue)}, none for long", where)


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

"""The delivery log: one line for each entry of a webhook, and one more whenever its fate changes; never a body."""

from collections.abc import Iterator
from itertools import zip_longest

from relay.delivery.error_codes import CIRCUIT_OPEN, QUEUED
from relay.delivery.message import Message, Origin
from relay.delivery.undelivered import EntryResult, NotSent, Queue, Queued, queue_for
from relay.entry import Accepted, Entry
from relay.pipeline.results import EntryLine, Relayed

ACCEPTED, QUEUED_FOR_DELIVERY = "accepted", "queued_for_delivery"
REDELIVERED, RELEASED, DISCARDED, HELD = "redelivered", "released", "discarded", "held"
"""What became of an entry later; at first it is what the answer to the webhook says."""

MAX_TEXT = 256
"""Characters of a text that a sender, or the mapping, chose; none that EventBridge accepts is longer."""

_PLACES = {Queue.RETRY: "queued", Queue.DEAD_LETTERS: "dead_lettered"}


def of_webhook(relayed: Relayed) -> Iterator[EntryLine]:
    """Yield a line for each result of a webhook; one that could not be mapped has no entry."""
    for index, (planned, result) in enumerate(zip_longest(relayed.planned, relayed.results)):
        line: EntryLine = {"route": relayed.route, "webhook_id": relayed.webhook_id[:MAX_TEXT], "index": index}
        customer = result.customer if isinstance(result, NotSent) else ""
        _add_destination(line, result.destination, customer)
        _add_entry(line, planned if isinstance(planned, Entry) else getattr(planned, "entry", None))
        line |= _result(result)
        if planned and _was_put(result):
            line["put_ms"] = relayed.put_ms
        yield line


def of_message(message: Message, result: str, accepted: Accepted | None = None) -> EntryLine:
    """Return the line of an entry that was in the retry queue, or held: what became of it now."""
    origin, entry = message.origin, message.content
    line: EntryLine = {"route": origin.route, "webhook_id": origin.webhook_id[:MAX_TEXT], "index": message.index}
    _add_destination(line, message.destination.label if message.destination else "")
    _add_entry(line, entry if isinstance(entry, Entry) else None)
    line["result"] = result
    if message.replay:
        line["replay"] = message.replay.id
    if accepted:
        line |= {"event_id": accepted.event_id, "attempts": accepted.attempts}
    return line


def of_queued(message: Message) -> EntryLine:
    """Return the line of what is in a queue now, and why."""
    failed = message.failed
    line = of_message(message, _PLACES[queue_for(failed)])
    return line | {"error_code": failed.code, "attempts": failed.attempts}


def of_unsent(origin: Origin, index: int, unsent: NotSent) -> EntryLine:
    """Return the line of an event that nobody wants now."""
    line: EntryLine = {"route": origin.route, "webhook_id": origin.webhook_id[:MAX_TEXT], "index": index}
    _add_destination(line, unsent.destination, unsent.customer)
    return line | {"result": unsent.why.value}


def _was_put(result: EntryResult) -> bool:
    return isinstance(result, Accepted) or (
        isinstance(result, Queued) and result.failed.code not in {QUEUED, CIRCUIT_OPEN}
    )


def _result(result: EntryResult) -> EntryLine:
    if isinstance(result, Accepted):
        again: EntryLine = {"attempts": result.attempts} if result.attempts > 1 else {}
        elsewhere: EntryLine = {"region": result.region} if result.region else {}
        return {"result": ACCEPTED, "event_id": result.event_id, **again, **elsewhere}
    if isinstance(result, Queued):
        failed = result.failed
        if failed.code == QUEUED:
            return {"result": QUEUED_FOR_DELIVERY}
        return {"result": _PLACES[result.queue], "error_code": failed.code, "attempts": failed.attempts}
    return {"result": result.why.value}


def _add_destination(line: EntryLine, label: str, customer: str = "") -> None:
    if label or customer:
        line["customer"] = customer or label.partition("/")[0]
    if label:
        line["destination"] = label


def _add_entry(line: EntryLine, entry: Entry | None) -> None:
    if entry:
        line |= {"source": entry.source[:MAX_TEXT], "detail_type": entry.detail_type[:MAX_TEXT], "bytes": entry.size}

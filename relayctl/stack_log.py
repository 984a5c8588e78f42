"""The delivery log of a stack: what became of entries, and the way of one webhook."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from relay.pipeline.entry_lines import MAX_TEXT
from relayctl import delivery_log, output
from relayctl.aws import Stack
from relayctl.dead_letter_queue import DeadLetterQueue
from relayctl.delivery_log import Line, Terms

FAILED = ("queued", "dead_lettered")
IDS = ("webhook_id", "correlation_id", "event_id")


def read(stack: Stack, terms: Terms, since: datetime, until: datetime | None = None) -> Iterator[Line]:
    """Yield what the functions of a stack have logged, by time. Exit with code 1 if the stack names no log groups."""
    outputs, client = stack.outputs(), stack.account.client("logs")
    groups = [outputs[name] for name in delivery_log.GROUPS if name in outputs]
    if not groups:
        output.fail(f'The stack "{stack.name}" does not say where its logs are: deploy it again.')
    return delivery_log.read(client, groups, terms, since, until)


def entry_terms(customer: str | None, source: str | None, route: str | None, detail_type: str | None) -> Terms:
    """Return the terms for the lines of entries that have all of these values; None is any."""
    values = {"message": "entry", "customer": customer, "source": source, "route": route, "detail_type": detail_type}
    return Terms({key: value for key, value in values.items() if value is not None})


def only_failed(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines of entries that went to a queue."""
    return (line for line in lines if line.get("result") in FAILED)


def trace(stack: Stack, text: str, since: datetime) -> list[Line]:
    """Return the lines of one webhook and its entries, in order.

    `text` is a delivery id, a request id, an event id, or the id of a dead letter.
    """
    text = text[:MAX_TEXT]
    ids = {line["webhook_id"] for line in read(stack, Terms({}, IDS, text), since) if line.get("webhook_id")}
    if not ids and (letter := _webhook_id(stack, text)):
        ids = {letter[:MAX_TEXT]}
    lines = [line for each in sorted(ids or {text}) for line in read(stack, Terms({}, IDS, each), since)]
    return sorted(_distinct(lines), key=_order)


def row(line: Line) -> dict[str, Any]:
    """Return what is shown of a line; JSON has all of it."""
    is_entry = line.get("message") == "entry"
    event = (
        f"{line['event_id']} in {line['region']}" if "event_id" in line and "region" in line else line.get("event_id")
    )
    shown = {
        "time": line["at"].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "result": line.get("result") if is_entry else line.get("message"),
        "webhook": line.get("webhook_id"),
        "detail-type": line.get("detail_type"),
        "event or error": event or line.get("error_code") or line.get("reason"),
    }
    return {**{key: value for key, value in line.items() if key != "at"}, **shown}


def _webhook_id(stack: Stack, letter_id: str) -> str | None:
    """Return the id of the webhook of a dead letter; None if there is no letter of this id."""
    queue = DeadLetterQueue.of_stack(stack.account.client("sqs"), stack.outputs())
    found = queue.find(letter_id)
    return found.get("webhook_id") if found else None


def _distinct(lines: Iterable[Line]) -> list[Line]:
    return list({repr(sorted(line.items(), key=lambda item: item[0])): line for line in lines}.values())


def _order(line: Line) -> tuple[datetime, bool]:
    """Return what lines are sorted by: within a millisecond, a webhook comes before its entries."""
    return line["at"], line.get("message") == "entry"

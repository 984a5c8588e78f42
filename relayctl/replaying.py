"""Choose what of the archive is sent again, and send it to the retry queue, with a file that says how far that came."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from relay.archive.mapping import is_mapped_alike, map_webhook
from relay.archive.reading import Found, Position
from relay.archive.record import ArchivedWebhook
from relay.archive.selection import chosen
from relay.config.model import Config
from relay.delivery.message import Message, Origin, Replay
from relay.destinations.addressing import Addressed, Find
from relay.entry import Entry, Failed, rfc3339
from relay.errors import MappingError
from relayctl import preview

BATCH = 10
"""Messages in a request to SQS."""
ANOTHER_MAPPING, CANNOT_BE_MAPPED, NOTHING = "mapped by another relay.toml", "cannot be mapped", "nothing to send"

Send = Callable[[Sequence[Message]], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replayed: `replay` says what of each webhook, `route` which webhooks (all if empty).

    With `remap` also webhooks are sent whose route maps otherwise today. `was` is what something of a webhook was to
    become, for the customer if there is one; empty for whatever.
    """

    replay: Replay
    config: Config
    find: Find
    route: str = ""
    remap: bool = False
    was: str = ""


@dataclass(slots=True)
class Totals:
    """What came of it: `entries` by source, detail-type and what becomes of them, `skipped` webhooks by the reason."""

    webhooks: int = 0
    entries: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def rows(self) -> list[dict[str, Any]]:
        """Return the entries as rows, the most first."""
        return [
            {"source": source, "detail-type": detail_type, "result": result, "entries": number}
            for (source, detail_type, result), number in self.entries.most_common()
        ]


def choose(webhooks: Iterable[Found], plan: Plan, totals: Totals) -> Iterator[tuple[Found, Message | None]]:
    """Yield each webhook with the message that sends it again, None if nothing of it is sent; and count."""
    for found in webhooks:
        yield found, _message(found.webhook, plan, totals)


def send(
    messages: Iterable[tuple[Found, Message | None]],
    post: Send,
    note: Callable[[Position], None],
    per_second: float,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Post messages, at most so many in a second, and note the position after those that were. Raise what `post` does.

    Killed in between, a replay that goes on from that position sends at most BATCH webhooks twice.
    """
    waiting: list[Message] = []
    position: Position | None = None
    for found, message in messages:
        position = found.position
        if message:
            waiting.append(message)
        if len(waiting) == BATCH:
            post(waiting)
            note(position)
            sleep(len(waiting) / per_second)
            waiting = []
    if waiting:
        post(waiting)
    if position:
        note(position)


def _message(webhook: ArchivedWebhook, plan: Plan, totals: Totals) -> Message | None:
    if plan.route not in {"", webhook.route} or not _was(webhook, plan):
        return None
    if not plan.remap and not is_mapped_alike(webhook, plan.config):
        totals.skipped[ANOTHER_MAPPING] += 1
        return None
    store_detail = partial(preview.sample_claim_check, now=webhook.received_at)
    try:
        mapped = map_webhook(webhook, plan.config, plan.find, store_detail)
    except MappingError:
        totals.skipped[CANNOT_BE_MAPPED] += 1
        return None
    sent = [each for each in chosen(mapped, plan.replay) if each is not None]
    if not sent:
        totals.skipped[NOTHING] += 1
        return None
    totals.webhooks += 1
    totals.entries.update(_key(each) for each in sent if isinstance(each, Entry | Addressed))
    origin = Origin(webhook.route, webhook.webhook_id, rfc3339(webhook.received_at))
    # What is sent may wait: it is not to be mapped by a relay.toml that is deployed meanwhile.
    replay = plan.replay._replace(mapping="" if plan.remap else webhook.mapping)
    return Message(origin, webhook.request, Failed("Replay", replay.id), replay=replay)


def _was(webhook: ArchivedWebhook, plan: Plan) -> bool:
    customer = plan.replay.customer
    return not plan.was or any(
        each.what == plan.was and (not customer or each.customer == customer) for each in webhook.entries
    )


def _key(each: Entry | Addressed) -> tuple[str, str, str]:
    entry = each if isinstance(each, Entry) else each.entry
    is_held = isinstance(each, Addressed) and each.is_held
    return entry.source, entry.detail_type, "held" if is_held else "put"


@dataclass(frozen=True, slots=True)
class Progress:
    """The file that says how far a replay came: its options, and the position. Methods raise OSError."""

    path: Path

    def save(self, options: dict[str, Any], position: Position | None) -> None:
        """Replace the file."""
        text = json.dumps({"options": options, "position": position})
        temporary = self.path.with_name(self.path.name + ".new")
        temporary.write_text(text, "utf-8")
        temporary.replace(self.path)

    def load(self) -> tuple[dict[str, Any], Position | None]:
        """Return the options and the position. Raise ValueError too."""
        content = json.loads(self.path.read_text("utf-8"))
        try:
            return dict(content["options"]), Position(*content["position"]) if content["position"] else None
        except (KeyError, TypeError) as error:
            raise ValueError("it is no file of a replay") from error

"""What of an archived webhook is sent again."""

from collections.abc import Sequence
from dataclasses import replace

from relay.delivery.message import Replay
from relay.destinations.addressing import Addressed, Addressee
from relay.destinations.model import is_subscribed
from relay.entry import Entry


def chosen(mapped: Sequence[Entry | Addressee], replay: Replay) -> list[Entry | Addressee | None]:
    """Return what a replay sends, at the same indexes, and None elsewhere.

    What nobody wants today is not sent, and was counted when it came.
    """
    return [_marked(each, replay) if _is_chosen(each, replay) else None for each in mapped]


def _is_chosen(each: Entry | Addressee, replay: Replay) -> bool:
    if isinstance(each, Entry):
        return not (replay.customer or replay.destination) and is_subscribed(replay.detail_types, each.detail_type)
    if not isinstance(each, Addressed):
        return False
    destination = each.destination
    return (
        replay.customer in {"", destination.customer}
        and replay.destination in {"", destination.name}
        and is_subscribed(replay.detail_types, each.entry.detail_type)
    )


def _marked(each: Entry | Addressee, replay: Replay) -> Entry | Addressee:
    if not replay.mark:
        return each
    if isinstance(each, Entry):
        return replace(each, resources=(*each.resources, f"replay/{replay.id}"))
    if isinstance(each, Addressed):
        return replace(each, entry=replace(each.entry, resources=(*each.entry.resources, f"replay/{replay.id}")))
    return each

"""The steps about events: held, received, refused, and sent once their source is there again."""

import json
from datetime import datetime
from typing import Any

from relay.destinations.model import Destination
from relayctl.rehearsal.place import ARRIVAL_SECONDS, NAME, Place
from relayctl.walk import UnexpectedError, require, until

CONFLICT = 409
RECONCILE_SECONDS = 300
"""Two looks a minute apart see that a source is gone, and then it is created again."""
CLOCKS_SECONDS = 300
ATTEMPTS = 3


def attach(place: Place) -> str:
    """Attach a bus as the customer, and ping until one arrives."""
    return place.attach("live")


def receive(place: Place) -> str:
    """Post a webhook, and look for its events on the customer's bus."""
    answer = place.post("live")
    ids, source = answer.event_ids(), place.source("live")
    require(len(ids) == place.entries, f"the webhook was answered {answer.summary()}")
    took = place.customer.arrived(source, ids, ARRIVAL_SECONDS)
    if took is None:
        there = {event["id"] for event in place.customer.events(source)}
        missing = [each for each in ids if each not in there]
        raise UnexpectedError(f"EventBridge accepted {len(ids)}, and {len(missing)} did not arrive: {missing[0]}")
    place.samples = [event for event in place.customer.events(source) if event["id"] in ids]
    return f"webhook answered {answer.summary()}; on the customer's bus with the same ids {took:.0f} s later"


def metadata(place: Place) -> str:
    """Compare what arrived with what relay.toml makes of the webhook, field by field."""
    source = place.source("live")
    target = Destination(place.customer_id("live"), NAME, "", place.customer.id, place.region, source)
    expected: list[dict[str, Any]] = [
        dict(entry.wire()) for entry in place.sender.entries(place.customer_id("live"), target)
    ]
    for event, wire in zip(sorted(place.samples, key=_order), sorted(expected, key=_wire_order), strict=True):
        for name, value in {
            "source": source,
            "account": place.customer.id,
            "region": place.region,
            "detail-type": wire["DetailType"],
            "detail": json.loads(wire["Detail"]),
            "resources": wire.get("Resources", []),
        }.items():
            require(event[name] == value, f"{name} is {json.dumps(event[name])}, expected {json.dumps(value)}")
        apart = abs((datetime.fromisoformat(event["time"]) - datetime.fromisoformat(wire["Time"])).total_seconds())
        require(apart <= CLOCKS_SECONDS, f"time is {event['time']}, expected {wire['Time']}")
    types = ", ".join(sorted({event["detail-type"] for event in place.samples}))
    return f"source, account, region, detail-type ({types}), time, resources and detail are as relay.toml maps them"


def hold(place: Place) -> str:
    """Post a webhook for a customer who has no bus yet."""
    place.connect("waiting")
    answer = place.held("waiting")
    found = place.show("waiting")
    holding, webhooks = found["holding"], found["held"]["webhooks"]
    require((holding, webhooks) == ("source-pending", 1), f"{webhooks} webhooks are held, because of {holding}")
    ping = place.refusal(CONFLICT, "a ping", "POST", "waiting", operation="ping")
    deletion = place.refusal(CONFLICT, "a deletion", "DELETE", "waiting")
    return f"webhook answered {answer.summary()}; nothing was put; ping: {ping}; deletion: {deletion}"


def release(place: Place) -> str:
    """Attach the bus of the customer who waits, and look for what was held."""
    seen = place.attach("waiting")
    took = place.arrived("waiting", place.entries)
    return f"{seen}; what was held arrived {took:.0f} s after delivery was started"


def pause(place: Place) -> str:
    """Pause a destination, post, and resume."""
    place.connect("paused")
    place.attach("paused")
    status = place.ask("paused", "pause")["status"]
    answer = place.held("paused")
    holding = place.show("paused")["holding"]
    require((status, holding) == ("paused", "paused"), f"the destination is {status} and holds because of {holding}")
    early = len(place.webhook_events("paused"))
    require(not early, f"{early} events arrived in spite of the pause")
    place.ask("paused", "resume")
    took = place.arrived("paused", place.entries)
    return f"paused: webhook answered {answer.summary()}; resumed: it arrived {took:.0f} s later"


def expire(place: Place) -> str:
    """Take away a source that no bus was attached to, as AWS does when it expires, and post."""
    place.connect("expired")
    source = place.remove_source("expired")
    state = place.customer.state(source)
    require(state == "NONEXISTENT", f"after the deletion the customer sees {state}")
    answer = place.held("expired")
    return f"{source}: {state}; webhook answered {answer.summary()}"


def refuse(place: Place) -> str:
    """Take away a source that is ACTIVE, and post: EventBridge refuses the entries because of their source."""
    for _ in range(ATTEMPTS):
        place.connect("refused")
        place.attach("refused")
        place.remove_source("refused")
        answer = place.held("refused")
        found = place.show("refused")
        if found["holding"] == "refused":
            return (
                f"PutPartnerEvents answered {found['last_error']}; webhook answered {answer.summary()}: nothing is lost"
            )
        # The reconciler was quicker, and nothing was put: once more.
        place.customer.detach(found["source"])
        place.discard("refused")
    raise UnexpectedError(f"in {ATTEMPTS} attempts nothing was put to a source that was gone")


def created_again(place: Place) -> str:
    """Wait until both sources are there again, attach new buses, and look for what was held."""
    seen = []
    for role in ("expired", "refused"):
        source = place.source(role)

        def is_back(role: str = role, source: str = source) -> bool:
            return place.show(role)["source_status"] == "pending" and bool(place.accounts(source))

        took = until(is_back, RECONCILE_SECONDS)
        if took is None:
            raise UnexpectedError(f"{source} was not created again within {RECONCILE_SECONDS} s")
        place.customer.detach(source)  # the old bus of a source that was ACTIVE is still there
        place.attach(role)
        place.arrived(role, place.entries)
        seen.append(source)
    return f"{' and '.join(seen)} were created again under their old names; with a new bus, what was held arrived"


def _order(event: dict[str, Any]) -> tuple[str, str]:
    return str(event["detail-type"]), json.dumps(event["detail"], sort_keys=True)


def _wire_order(wire: dict[str, Any]) -> tuple[str, str]:
    return str(wire["DetailType"]), json.dumps(json.loads(str(wire["Detail"])), sort_keys=True)

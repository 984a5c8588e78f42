"""The items of the registry's table, in DynamoDB's JSON, and the destinations they are.

One destination is two items, so that a look at its source does not change the ETag of its configuration:

    pk = customer#c42              sk = destination#prod   configuration
    pk = customer#c42              sk = status#prod        what is known of its source
    pk = source#us-east-1#NAME     sk = owner              which destination owns that source
    pk = access#c42                sk = revoked            when all links and sessions of the customer's page were ended

A customer's destinations are one Query. `attention` is the key of a sparse index: only what is not simply active has
it. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from relay.destinations.model import Destination, SourceState, SourceStatus, Status

Item = dict[str, dict[str, Any]]

PARTITION, SORT = "pk", "sk"
ATTENTION, ATTENTION_INDEX = "attention", "attention"
_DESTINATION, _STATUS = "destination#", "status#"

_TIMES = {
    "created_at",
    "updated_at",
    "source_status_at",
    "settling_since",
    "expires_at",
    "missing_since",
    "refused_at",
    "releasing_at",
    "emptied_at",
    "restoring_since",
    "dropped_since",
    "dropped_until",
    "last_delivered_at",
    "revoked_at",
}
_CONFIGURATION = [field.name for field in fields(Destination) if field.name != "state"]
_STATE = [field.name for field in fields(SourceState)]


def partition(customer: str) -> str:
    """Return the partition key of a customer's items."""
    return f"customer#{customer}"


def configuration_key(customer: str, name: str) -> Item:
    """Return the key of a destination's configuration."""
    return marshal({PARTITION: partition(customer), SORT: _DESTINATION + name})


def state_key(customer: str, name: str) -> Item:
    """Return the key of what is known of a destination's source."""
    return marshal({PARTITION: partition(customer), SORT: _STATUS + name})


def owner_key(region: str, source: str) -> Item:
    """Return the key of a source's owner."""
    return marshal({PARTITION: f"source#{region}#{source}", SORT: "owner"})


def access_partition(customer: str) -> str:
    """Return the partition key of who may see a customer's page. It is there when the customer is not any more."""
    return f"access#{customer}"


def revocation_item(customer: str, now: datetime) -> Item:
    """Return the item that says when a customer's links and sessions were ended."""
    return marshal({PARTITION: access_partition(customer), SORT: "revoked", "revoked_at": now})


def configuration_item(destination: Destination) -> Item:
    """Return the item of the destination's configuration."""
    values = {name: getattr(destination, name) for name in _CONFIGURATION}
    return configuration_key(destination.customer, destination.name) | marshal(values)


def state_item(destination: Destination) -> Item:
    """Return the item of what is known of the destination's source."""
    values = {name: getattr(destination.state, name) for name in _STATE}
    names = {"customer": destination.customer, "name": destination.name, "id": destination.id}
    return state_key(destination.customer, destination.name) | marshal(names | values | attention(destination))


def owner_item(destination: Destination) -> Item:
    """Return the item that says whose the source is: a second owner is refused."""
    names = {"customer": destination.customer, "name": destination.name, "id": destination.id}
    return owner_key(destination.aws_region, destination.source) | marshal(names)


def attention(destination: Destination) -> dict[str, str]:
    """Return the key of the sparse index, for a destination that somebody waits for."""
    return {ATTENTION: destination.aws_region} if needs_attention(destination) else {}


def needs_attention(destination: Destination) -> bool:
    """Return whether the reconciler looks at it first: something waits, is being released, or is being deleted."""
    if destination.deleting:
        return True
    if destination.status is Status.DISABLED:
        return False
    return destination.holding is not None or destination.state.releasing_at is not None


def destinations(items: Iterable[Mapping[str, Mapping[str, Any]]]) -> list[Destination]:
    """Return the destinations of some items, by name; a status without a configuration is none."""
    configurations: dict[tuple[str, str], dict[str, Any]] = {}
    states: dict[tuple[str, str], dict[str, Any]] = {}
    for item in items:
        values = unmarshal(item)
        owner, sort = str(values.get(PARTITION)), str(values.get(SORT))
        if sort.startswith(_DESTINATION):
            configurations[owner, sort.removeprefix(_DESTINATION)] = values
        elif sort.startswith(_STATUS):
            states[owner, sort.removeprefix(_STATUS)] = values
    return [_destination(values, states.get(key, {})) for key, values in sorted(configurations.items())]


def _destination(configuration: Mapping[str, Any], state: Mapping[str, Any]) -> Destination:
    values = {name: configuration[name] for name in _CONFIGURATION if configuration.get(name) is not None}
    values["detail_types"] = tuple(values.get("detail_types", ()))
    values["status"] = Status(values["status"])
    # What was known of an earlier destination of the same name says nothing about this one's source.
    known = state if state.get("id") == values["id"] else {}
    found = {name: known[name] for name in _STATE if known.get(name) is not None}
    if "source_status" in found:
        found["source_status"] = SourceStatus(found["source_status"])
    return Destination(**values, state=SourceState(**found))


def marshal(values: Mapping[str, Any]) -> Item:
    """Return values as DynamoDB's JSON has them; None is not there, a time is text in UTC."""
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def unmarshal(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of an item; the times are aware again."""
    found = {name: _value(attribute) for name, attribute in item.items()}
    return {name: datetime.fromisoformat(value) if name in _TIMES else value for name, value in found.items()}


def _attribute(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int():
            return {"N": str(value)}
        case datetime():
            return {"S": value.astimezone(UTC).isoformat()}
        case Mapping():
            return {"M": marshal(value)}
    return {"L": [_attribute(element) for element in value]}


def _value(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [_value(element) for element in value]
        case "M":
            return {name: _value(element) for name, element in value.items()}
    return value

"""The registry's table: destinations read, written and deleted, each change with the condition that nobody was faster.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from relay.destinations import items
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError
from relay.destinations.model import Destination, SourceState

_MAX_SCANS = 5
_FAILED = "ConditionalCheckFailed"


class RegistryTable:
    """The table of one stack. Every method raises botocore's errors too."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def query(self, customer: str) -> list[Destination]:
        """Return the customer's destinations as they are now, by name."""
        return items.destinations(
            self._pages(
                "query",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=items.marshal({":pk": items.partition(customer)}),
                ConsistentRead=True,
            )
        )

    def get(self, customer: str, name: str) -> Destination | None:
        """Return a destination as it is now, None if there is none."""
        keys = [items.configuration_key(customer, name), items.state_key(customer, name)]
        request: Any = {self._name: {"Keys": keys, "ConsistentRead": True}}
        answer = self._client.batch_get_item(RequestItems=request)
        if answer.get("UnprocessedKeys"):
            return next((found for found in self.query(customer) if found.name == name), None)
        return next(iter(items.destinations(answer["Responses"].get(self._name, []))), None)

    def waiting(self, region: str) -> Iterator[tuple[str, str]]:
        """Yield customer and name of each destination in `region` that somebody waits for."""
        pages = self._pages(
            "query",
            IndexName=items.ATTENTION_INDEX,
            KeyConditionExpression="attention = :region",
            ExpressionAttributeValues=items.marshal({":region": region}),
        )
        for values in map(items.unmarshal, pages):
            yield str(values["customer"]), str(values["name"])

    def all(self) -> Iterator[Destination]:
        """Yield every destination; a customer's may come in several turns, so each is read whole from its own page."""
        waiting: dict[tuple[str, str], Any] = {}
        for item in self._pages("scan"):
            values = items.unmarshal(item)
            if not str(values["pk"]).startswith("customer#"):
                continue
            key = (str(values["customer"]), str(values["name"]))
            if key in waiting:
                yield from items.destinations([waiting.pop(key), item])
            else:
                waiting[key] = item
        yield from items.destinations(waiting.values())  # a configuration whose status was never written

    def page(self, after: str, limit: int, wanted: Callable[[Destination], bool]) -> tuple[list[Destination], str]:
        """Return the next destinations that are wanted, whole customers, and the last customer read; empty at the end.

        At most a few pages of the table are read, so there may be fewer than `limit`.
        """
        start = items.marshal({"pk": items.partition(after), "sk": "~"}) if after else None
        found: list[Destination] = []
        for _ in range(_MAX_SCANS):
            page = self._client.scan(TableName=self._name, **({"ExclusiveStartKey": start} if start else {}))
            customers: dict[str, list[Any]] = {}
            for item in page["Items"]:
                customers.setdefault(item["pk"]["S"], []).append(item)
            start = page.get("LastEvaluatedKey")
            if start and len(customers) > 1:  # the last one may go on in the next page: it is read from its beginning
                customers.popitem()
            for partition, rows in customers.items():
                found += filter(wanted, items.destinations(rows))
                if partition.startswith("customer#"):
                    after = partition.removeprefix("customer#")
                if len(found) >= limit:
                    return found, after
            if not start:
                return found, ""
            start = items.marshal({"pk": next(reversed(customers)), "sk": "~"})
        return found, after

    def create(self, destination: Destination) -> None:
        """Write a new destination and who owns its source; raise DestinationExistsError or SourceOwnedError."""
        new = "attribute_not_exists(pk)"
        try:
            self._transact(
                ("Put", {"Item": items.configuration_item(destination), "ConditionExpression": new}),
                ("Put", {"Item": items.owner_item(destination), "ConditionExpression": new}),
                ("Put", {"Item": items.state_item(destination)}),
            )
        except _ConditionFailed as error:
            raise (DestinationExistsError if error.index == 0 else SourceOwnedError) from error

    def replace(self, before: Destination, after: Destination) -> None:
        """Write a changed configuration and its effect on the status; raise ChangedError if `before` is not there now.

        `after.version` is one more than `before.version`.
        """
        unchanged = {
            "ConditionExpression": "id = :id AND version = :version",
            "ExpressionAttributeValues": items.marshal({":id": before.id, ":version": before.version}),
        }
        try:
            self._transact(
                ("Put", {"Item": items.configuration_item(after), **unchanged}),
                ("Update", self._state_update(before, after)),
            )
        except _ConditionFailed as error:
            raise ChangedError from error

    def save_state(self, before: Destination, after: Destination) -> None:
        """Write what changed in the status; raise ChangedError if the destination is another one now."""
        try:
            self._client.update_item(TableName=self._name, **self._state_update(before, after))
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ChangedError from error

    def delete(self, destination: Destination) -> None:
        """Delete the destination's items; nothing happens if another of the name is there now."""
        same: Any = {
            "ConditionExpression": "attribute_not_exists(id) OR id = :id",
            "ExpressionAttributeValues": items.marshal({":id": destination.id}),
        }
        customer, name = destination.customer, destination.name
        try:
            self._transact(
                ("Delete", {"Key": items.configuration_key(customer, name), **same}),
                ("Delete", {"Key": items.owner_key(destination.aws_region, destination.source), **same}),
                ("Delete", {"Key": items.state_key(customer, name), **same}),
            )
        except _ConditionFailed as error:
            raise ChangedError from error

    def _state_update(self, before: Destination, after: Destination) -> dict[str, Any]:
        """Return the update of those attributes that differ; the others may have been written by somebody else."""
        names = [field.name for field in fields(SourceState)]
        changed = {
            name: getattr(after.state, name)
            for name in names
            if getattr(after.state, name) != getattr(before.state, name)
        }
        changed |= {"id": after.id, "customer": after.customer, "name": after.name}
        changed[items.ATTENTION] = items.attention(after).get(items.ATTENTION)
        put = {name: value for name, value in changed.items() if value is not None}
        remove = [name for name, value in changed.items() if value is None]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in put)
        if remove:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        return {
            "Key": items.state_key(after.customer, after.name),
            "UpdateExpression": expression,
            "ConditionExpression": "attribute_not_exists(id) OR id = :id",
            "ExpressionAttributeNames": {f"#{name}": name for name in changed},
            "ExpressionAttributeValues": {f":{name}": value for name, value in items.marshal(put).items()},
        }

    def _transact(self, *writes: tuple[str, dict[str, Any]]) -> None:
        requests: Any = [{kind: {"TableName": self._name, **request}} for kind, request in writes]
        try:
            self._client.transact_write_items(TransactItems=requests)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            failed = [index for index, reason in enumerate(reasons) if reason.get("Code") == _FAILED]
            if not failed:  # a conflict with another transaction, or a throttle: the same may succeed now
                raise
            raise _ConditionFailed(failed[0]) from error

    def _pages(self, operation: str, **parameters: Any) -> Iterator[Any]:
        for page in self._client.get_paginator(operation).paginate(TableName=self._name, **parameters):
            yield from page["Items"]


class _ConditionFailed(Exception):
    """The condition of the write at `index` did not hold."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(str(index))

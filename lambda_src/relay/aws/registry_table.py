"""The registry's table: destinations read, written and deleted, each change with the condition that nobody was faster.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from relay import process_cache
from relay.aws.api import STORAGE_RETRY
from relay.aws.boto3_clients import botocore_config, create_client, describe_error
from relay.destinations import items
from relay.destinations.errors import ChangedError, DestinationExistsError, SourceOwnedError
from relay.destinations.model import Destination, SourceState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MAX_SCANS = 5
_ITEMS_A_SCAN = 500  # of which a destination has three: a page of 100 needs one scan
_FAILED = "ConditionalCheckFailed"
# botocore retries TransactionInProgressException, and not these.
_CONFLICTS = {"TransactionConflict", "TransactionConflictException"}
_DECIDED_ON = ("source_status_at", "restoring_since", "dropped_since", "dropped_until")
"""What a write changes only if it is what the writer has read: a look, and what is still to be sent again."""
_PAUSES = (0.05, 0.1, 0.2)  # seconds


@process_cache.once
def connect() -> "RegistryTable":
    """Return the table that the stack has set. Raise the SDK's errors."""
    return RegistryTable(create_client("dynamodb", botocore_config(STORAGE_RETRY)), os.environ["DESTINATIONS_TABLE"])


class RegistryTable:
    """The table of one stack. Every method raises OSError if DynamoDB is away, throttles or refuses."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def query(self, customer: str) -> list[Destination]:
        """Return the customer's destinations as they are now, by name."""
        return items.destinations(self._partition(items.partition(customer)))

    def get(self, customer: str, name: str) -> Destination | None:
        """Return a destination as it is now, None if there is none."""
        keys = [items.configuration_key(customer, name), items.state_key(customer, name)]
        request: Any = {self._name: {"Keys": keys, "ConsistentRead": True}}
        answer = self._call("batch_get_item", RequestItems=request)
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
        """Return the next destinations that are wanted, whole customers, and where the next page begins.

        That is the partition read last, empty at the end of the table. At most a few pages of the table are read, so
        there may be fewer than `limit`.
        """
        start = items.marshal({"pk": after, "sk": "~"}) if after else None
        found: list[Destination] = []
        for _ in range(_MAX_SCANS):
            begin = {"ExclusiveStartKey": start} if start else {}
            page = self._call("scan", TableName=self._name, Limit=_ITEMS_A_SCAN, **begin)
            customers: dict[str, list[Any]] = {}
            for item in page["Items"]:
                customers.setdefault(item["pk"]["S"], []).append(item)
            start = page.get("LastEvaluatedKey")
            if start and len(customers) > 1:  # the last one may go on in the next page: it is read from its beginning
                customers.popitem()
            for partition, rows in customers.items():
                found += filter(wanted, items.destinations(rows))
                after = partition
                if len(found) >= limit:
                    return found, after
            if not start:
                return found, ""
            start = items.marshal({"pk": after, "sk": "~"})
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

    def revoke_access(self, customer: str, now: datetime) -> None:
        """End all links and sessions of the customer's page that were issued until `now`."""
        self._call("put_item", TableName=self._name, Item=items.revocation_item(customer, now))

    def revoked_at(self, customer: str) -> datetime | None:
        """Return until when links and sessions that were issued are ended, None if none are. A consistent read."""
        found = self._partition(items.access_partition(customer))
        return next((items.unmarshal(item)["revoked_at"] for item in found), None)

    def save(self, before: Destination, after: Destination) -> None:
        """Write what changed; raise ChangedError if somebody else was faster.

        A changed configuration (whose `version` is one higher) needs `before` to be what is there now. What changed of
        the state alone is written beside what others write, if it is still the same destination, and what was decided
        on is still what it was.
        """
        if replace(after, state=before.state) != before:
            self._replace(before, after)
        else:
            self._save_state(before, after)

    def _replace(self, before: Destination, after: Destination) -> None:
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

    def _save_state(self, before: Destination, after: Destination) -> None:
        try:
            self._call("update_item", TableName=self._name, **self._state_update(before, after))
        except _ConditionFailed as error:
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
        conditions, was = ["id = :id"], dict[str, Any]()
        for name in _DECIDED_ON:
            if name in changed:
                was[f":was_{name}"] = getattr(before.state, name)
                is_there = was[f":was_{name}"] is not None
                conditions.append(f"#{name} = :was_{name}" if is_there else f"attribute_not_exists(#{name})")
        changed |= {"id": after.id, "customer": after.customer, "name": after.name}
        # Otherwise somebody else's pause, or look, would lose its place in the index.
        if items.attention(after) != items.attention(before):
            changed[items.ATTENTION] = items.attention(after).get(items.ATTENTION)
        put = {name: value for name, value in changed.items() if value is not None}
        remove = [name for name, value in changed.items() if value is None]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in put)
        if remove:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        return {
            "Key": items.state_key(after.customer, after.name),
            "UpdateExpression": expression,
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in changed},
            "ExpressionAttributeValues": {f":{name}": value for name, value in items.marshal(put).items()}
            | items.marshal(was),
        }

    def _transact(self, *writes: tuple[str, dict[str, Any]]) -> None:
        requests = [{kind: {"TableName": self._name, **request}} for kind, request in writes]
        self._call("transact_write_items", TransactItems=requests)

    def _partition(self, key: str) -> Iterator[Any]:
        return self._pages(
            "query",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=items.marshal({":pk": key}),
            ConsistentRead=True,
        )

    def _pages(self, operation: str, **parameters: Any) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            page = self._call(operation, TableName=self._name, **parameters, **start)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _call(self, operation: str, **parameters: Any) -> Any:
        for pause in (*_PAUSES, None):
            try:
                return self._call_once(operation, **parameters)
            except _Conflict as error:
                if pause is None:
                    raise OSError("registry: others were writing at the same moment") from error
                time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - not a secret
        raise AssertionError  # the last attempt returns or raises

    def _call_once(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client, operation)(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise _ConditionFailed(0) from error
            reasons = error.response.get("CancellationReasons", [])
            failed = [index for index, reason in enumerate(reasons) if reason.get("Code") == _FAILED]
            if failed:
                raise _ConditionFailed(failed[0]) from error
            codes = {error.response["Error"]["Code"], *(reason.get("Code") for reason in reasons)}
            if codes & _CONFLICTS:
                raise _Conflict from error
            raise OSError(f"registry: {describe_error(error)}") from error
        except BotoCoreError as error:
            raise OSError(f"registry: {describe_error(error)}") from error


class _Conflict(Exception):
    """Another transaction was writing one of the items: the same request may succeed in a moment."""


class _ConditionFailed(Exception):
    """The condition of the write at `index` did not hold."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(str(index))

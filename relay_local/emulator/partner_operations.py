"""Put the partner operations into ministack, which answers them but validates and delivers nothing.

Each replaced function is asserted to exist: the version is pinned, and another one must fail at start.
Events reach the customer's own account, bus, rules and targets; IAM stays in force before any of this runs.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from relay_local.emulator import put_partner_events
from relay_local.emulator.faults import Fault, Faults
from relay_local.emulator.partner_sources import AwsError, PartnerSource, PartnerSources

Answer = tuple[int, dict[str, str], bytes]

FAULT: ContextVar[Fault] = ContextVar("fault")
"""The fault of the request that is being served."""


class PartnerOperations:
    """The partner's and the customer's side of partner event sources, on one emulator."""

    def __init__(self, eventbridge: Any, responses: Any, *, iam: bool) -> None:
        self._iam = iam
        self.sources = PartnerSources()
        self.faults = Faults()
        self._eventbridge = eventbridge
        self._responses = responses
        self._create_bus = eventbridge._create_event_bus
        self._delete_bus = eventbridge._delete_event_bus
        for name, operation in {
            "_create_partner_event_source": self.create_partner_event_source,
            "_delete_partner_event_source": self.delete_partner_event_source,
            "_describe_partner_event_source": self.describe_partner_event_source,
            "_list_partner_event_sources": self.list_partner_event_sources,
            "_list_partner_event_source_accounts": self.list_partner_event_source_accounts,
            "_list_event_sources": self.list_event_sources,
            "_describe_event_source": self.describe_event_source,
            "_activate_event_source": self.activate_event_source,
            "_deactivate_event_source": self.deactivate_event_source,
            "_create_event_bus": self.create_event_bus,
            "_delete_event_bus": self.delete_event_bus,
            "_put_partner_events": self.put_partner_events,
        }.items():
            if not hasattr(eventbridge, name):
                raise RuntimeError(f"this ministack has no {name}; install the version of requirements-emulator.txt")
            setattr(eventbridge, name, self._answering(operation))

    def create_partner_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        source = self.sources.create(*self._partner(), data.get("Name", ""), data.get("Account", ""), time.time())
        return {"EventSourceArn": source.arn}

    def delete_partner_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sources.delete(*self._partner(), data.get("Name", ""), data.get("Account", ""), time.time())
        return {}

    def describe_partner_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        source = self._named(self._of_partner(), data.get("Name", ""))
        return {"Arn": source.arn, "Name": source.name}

    def list_partner_event_sources(self, data: dict[str, Any]) -> dict[str, Any]:
        sources = self._of_partner(data.get("NamePrefix", ""))
        return _page("PartnerEventSources", [{"Arn": source.arn, "Name": source.name} for source in sources], data)

    def list_partner_event_source_accounts(self, data: dict[str, Any]) -> dict[str, Any]:
        source = self._named(self._of_partner(), data.get("EventSourceName", ""))
        account = {"Account": source.account, "CreationTime": source.created, "State": source.state}
        if source.state == "PENDING":
            account["ExpirationTime"] = source.expires
        return _page("PartnerEventSourceAccounts", [account], data)

    def list_event_sources(self, data: dict[str, Any]) -> dict[str, Any]:
        sources = self.sources.of_customer(*self._caller(), data.get("NamePrefix", ""), time.time())
        return _page("EventSources", [_event_source(source) for source in sources], data)

    def describe_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        return _event_source(
            self._named(self.sources.of_customer(*self._caller(), "", time.time()), data.get("Name", ""))
        )

    def activate_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sources.activate(*self._caller(), data.get("Name", ""), time.time())
        return {}

    def deactivate_event_source(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sources.deactivate(*self._caller(), data.get("Name", ""), time.time())
        return {}

    def create_event_bus(self, data: dict[str, Any]) -> Answer:
        """Create a bus of the customer; one with the name of a source attaches that source."""
        name, source = str(data.get("Name", "")), data.get("EventSourceName")
        if name.startswith("aws.partner/") or source:
            if name != source:
                raise AwsError("ValidationException", f"Event bus name {name} must be its event source's name.")
            self.sources.attach(*self._caller(), name, time.time())
        answer: Answer = self._create_bus(data)
        return answer

    def delete_event_bus(self, data: dict[str, Any]) -> Answer:
        """Delete a bus of the customer; without its bus a source is PENDING again."""
        answer: Answer = self._delete_bus(data)
        self.sources.detach(*self._caller(), str(data.get("Name", "")), time.time())
        return answer

    def put_partner_events(self, data: dict[str, Any]) -> dict[str, Any]:
        entries, now, fault = data.get("Entries"), time.time(), FAULT.get(Fault())
        put_partner_events.check_request(entries)
        results, deliveries = put_partner_events.put(
            entries or [],
            source_of=lambda name: self.sources.target(*self._partner(), name, now),
            injected=lambda index: self.faults.entry_error(fault, index, now),
            new_id=lambda: str(uuid.uuid4()),
        )
        for source, entry, event_id in deliveries:
            self._deliver(source, entry, event_id, now)
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _deliver(self, source: PartnerSource, entry: dict[str, Any], event_id: str, now: float) -> None:
        event = {
            "EventId": event_id,
            "Source": source.name,
            "DetailType": entry["DetailType"],
            "Detail": entry["Detail"],
            "EventBusName": source.name,
            "Time": int(entry.get("Time") or now),
            "Resources": entry.get("Resources") or [],
            "Account": source.account,
            "Region": source.region,
        }
        with self._responses.request_scope(source.account, source.region):
            self._eventbridge._dispatch_event(event)
            self._eventbridge._archive_event(event)

    def _caller(self) -> tuple[str, str]:
        return self._responses.get_account_id(), self._responses.get_region()

    def _partner(self) -> tuple[str, str]:
        # A partner's sources are its own account's; without IAM accounts mean nothing and there is one partner.
        account, region = self._caller()
        return account if self._iam else "", region

    def _of_partner(self, prefix: str = "") -> list[PartnerSource]:
        return self.sources.of_partner(*self._partner(), prefix, time.time())

    def _named(self, sources: Sequence[PartnerSource], name: str) -> PartnerSource:
        for source in sources:
            if source.name == name:
                return source
        raise AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")

    def _answering(self, operation: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Answer]:
        def answer(data: dict[str, Any]) -> Answer:
            try:
                result = operation(data)
            except AwsError as error:
                refused: Answer = self._responses.error_response_json(error.code, error.message, error.status)
                return refused
            response: Answer = result if isinstance(result, tuple) else self._responses.json_response(result)
            return response

        return answer


def _event_source(source: PartnerSource) -> dict[str, Any]:
    described = {
        "Arn": source.arn,
        "CreatedBy": "/".join(source.name.split("/")[:2]),
        "CreationTime": source.created,
        "Name": source.name,
        "State": source.state,
    }
    return described | ({"ExpirationTime": source.expires} if source.state == "PENDING" else {})


def _page(key: str, items: list[dict[str, Any]], data: dict[str, Any]) -> dict[str, Any]:
    start = int(data.get("NextToken") or 0)
    end = start + int(data.get("Limit") or 100)
    return {key: items[start:end]} | ({"NextToken": str(end)} if end < len(items) else {})

"""Take away what rehearsals have made: by its name, so that one that was killed leaves nothing that is not found."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from relayctl.control import ControlApi, customer_path
from relayctl.rehearsal.customer import CustomerAccount
from relayctl.rehearsal.naming import PREFIX, is_of_rehearsal


def clean_up_customers(api: ControlApi, run: str = "") -> list[str]:
    """Delete the customers of a run, or of all, with what waits for them; return their ids. Raise ControlApiError."""
    there = {found["customer"] for found in api.pages("/v1/destinations", {})}
    ours = sorted(customer for customer in there if is_of_rehearsal(customer, run))
    for customer in ours:
        api.call("DELETE", customer_path(customer), query={"discard": "true"})
    return ours


def clean_up_region(partner: str, events: Any, customer: CustomerAccount, run: str = "") -> list[str]:
    """Delete sources of a run, or of all, that are left in one Region, and what was made in the customer's account.

    `events` is EventBridge in the account that publishes. Return the names. Raise the SDK's errors.
    """
    prefix = f"{partner}/{PREFIX}{run}"
    left = [source for source in _sources(events, prefix) if is_of_rehearsal(source.removeprefix(f"{partner}/"), run)]
    for source in left:
        for account in _accounts(events, source):
            events.delete_partner_event_source(Name=source, Account=account)
    return left + customer.clean_up(partner, run)


def _sources(events: Any, prefix: str) -> Iterator[str]:
    token: dict[str, str] = {}
    while True:
        page = events.list_partner_event_sources(NamePrefix=prefix, **token)
        yield from (each["Name"] for each in page["PartnerEventSources"])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _accounts(events: Any, source: str) -> list[str]:
    try:
        found = events.list_partner_event_source_accounts(EventSourceName=source)["PartnerEventSourceAccounts"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
    return [each["Account"] for each in found]

"""`sources`: partner event sources, one for each customer, account and Region; with the partner's credentials.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from relay.aws.partner_sources import pages
from relayctl import printing, routes
from relayctl.aws import Account, errors
from relayctl.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    EndpointOption,
    Output,
    OutputOption,
    ProfileOption,
    RegionOption,
)

app = typer.Typer(no_args_is_help=True, help="The life cycle of partner event sources.")

SourceArgument = Annotated[str, typer.Argument(help="The source; what is before the customer's part may be left out.")]
AccountArgument = Annotated[str, typer.Argument(help="The customer's AWS account: 12 digits.")]
MEANING = {
    "PENDING": "the customer has no active bus: EventBridge accepts events and DROPS them",
    "ACTIVE": "events reach the customer's bus",
    "DELETED": "events are rejected",
}


@app.command()
def create(
    source: SourceArgument,
    account: AccountArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Create a source in a customer's account. It is PENDING until the customer attaches a bus to it.

    Example: relayctl sources create c42/orders 222222222222 --region us-east-1
    """
    name = _whole(source, routes.load(config).partner)
    with errors():
        made = (
            Account(profile, region, endpoint_url)
            .client("events")
            .create_partner_event_source(Name=name, Account=account)
        )
    print(made["EventSourceArn"])
    printing.say(f"PENDING: {MEANING['PENDING']}")


@app.command("list")
def list_sources(
    prefix: Annotated[str, typer.Argument(help="Only sources that begin so.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """The sources there are in this Region."""
    whole = _whole(prefix, routes.load(config).partner)
    with errors():
        found = list(_sources(Account(profile, region, endpoint_url), whole))
    printing.rows(output, ("source", "arn"), [{"source": one["Name"], "arn": one["Arn"]} for one in found])


@app.command()
def status(
    prefix: Annotated[str, typer.Argument(help="Only sources that begin so.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """The state of each source in each customer's account, and when one expires.

    Exit codes: 0 every source is ACTIVE, 1 one is not: EventBridge drops or rejects its events.
    """
    whole, account = _whole(prefix, routes.load(config).partner), Account(profile, region, endpoint_url)
    with errors():
        client = account.client("events")
        rows = [
            {
                "source": source["Name"],
                "account": one["Account"],
                "state": one["State"],
                "created": _time(one.get("CreationTime")),
                "expires": _time(one.get("ExpirationTime")),
                "meaning": MEANING.get(one["State"]),
            }
            for source in _sources(account, whole)
            for one in pages(
                client.list_partner_event_source_accounts, "PartnerEventSourceAccounts", EventSourceName=source["Name"]
            )
        ]
    printing.rows(output, ("source", "account", "state", "created", "expires", "meaning"), rows)
    if any(row["state"] != "ACTIVE" for row in rows):
        raise typer.Exit(printing.FAILED)


@app.command()
def delete(
    source: SourceArgument,
    account: AccountArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Delete a source from a customer's account: its events are rejected from then on."""
    name = _whole(source, routes.load(config).partner)
    if not yes and not printing.confirmed(f"delete {name} of account {account}?"):
        printing.end("nothing was deleted")
    with errors():
        Account(profile, region, endpoint_url).client("events").delete_partner_event_source(Name=name, Account=account)


def _whole(source: str, partner: str) -> str:
    return source if source.startswith("aws.partner/") else f"{partner}/{source}"


def _sources(account: Account, prefix: str) -> Iterator[dict[str, Any]]:
    client = account.client("events")
    yield from pages(client.list_partner_event_sources, "PartnerEventSources", NamePrefix=prefix)


def _time(value: Any) -> str | None:
    return value.isoformat() if value else None

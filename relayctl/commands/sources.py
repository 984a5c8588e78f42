"""`relayctl sources`: partner event sources, one for each customer, account and Region; with the partner's credentials.

https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from relay.aws.partner_sources import paginate
from relayctl import inputs, output
from relayctl.aws import Account
from relayctl.options import DEFAULT_CONFIG, ConfigOption, OutputOption, YesOption, aws_options
from relayctl.output import OutputFormat

app = typer.Typer(no_args_is_help=True, help="Create, list and delete customers' partner event sources.")

SourceArgument = Annotated[
    str, typer.Argument(help="The name of the source. The partner's own part of it can be left out.")
]
PrefixArgument = Annotated[str, typer.Argument(help="Only sources whose name begins with this text.")]
CustomerArgument = Annotated[
    str, typer.Argument(metavar="ACCOUNT", parser=inputs.parse_account, help="The customer's AWS account: 12 digits.")
]
MEANING = {
    "PENDING": "the customer has no active bus: EventBridge accepts events and DROPS them",
    "ACTIVE": "events reach the customer's bus",
    "DELETED": "events are rejected",
}


@app.command()
@aws_options
def create(
    source: SourceArgument, customer: CustomerArgument, account: Account, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Create a source in a customer's account. It is PENDING until the customer attaches an event bus to it.

    Example: relayctl sources create c42/orders 222222222222 --region us-east-1
    """
    name = _full_name(source, inputs.load_config(config).partner)
    response = account.client("events").create_partner_event_source(Name=name, Account=customer)
    print(response["EventSourceArn"])
    output.print_message(f"PENDING: {MEANING['PENDING']}")


@app.command("list")
@aws_options
def list_sources(
    account: Account,
    prefix: PrefixArgument = "",
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """List the sources in this Region."""
    full_prefix = _full_name(prefix, inputs.load_config(config).partner)
    rows = [
        {"source": source["Name"], "arn": source["Arn"]} for source in _sources(account.client("events"), full_prefix)
    ]
    output.print_rows(output_format, ("source", "arn"), rows)
    if not rows:
        _print_none(account, full_prefix)


@app.command()
@aws_options
def status(
    account: Account,
    prefix: PrefixArgument = "",
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show the state of each source in each customer's account, and when a source expires.

    Exit codes: 0 every source is ACTIVE, 1 at least one is not: EventBridge drops or rejects its events.
    """
    full_prefix = _full_name(prefix, inputs.load_config(config).partner)
    client = account.client("events")
    rows = [
        {
            "source": source["Name"],
            "account": customer["Account"],
            "state": customer["State"],
            "created": _time(customer.get("CreationTime")),
            "expires": _time(customer.get("ExpirationTime")),
            "meaning": MEANING.get(customer["State"]),
        }
        for source in _sources(client, full_prefix)
        for customer in paginate(
            client.list_partner_event_source_accounts, "PartnerEventSourceAccounts", EventSourceName=source["Name"]
        )
    ]
    output.print_rows(output_format, ("source", "account", "state", "created", "expires", "meaning"), rows)
    if not rows:
        _print_none(account, full_prefix)
    if any(row["state"] != "ACTIVE" for row in rows):
        raise typer.Exit(output.FAILED)


@app.command()
@aws_options
def delete(
    source: SourceArgument,
    customer: CustomerArgument,
    account: Account,
    yes: YesOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Delete a source from a customer's account, after a question. From then on its events are rejected."""
    name = _full_name(source, inputs.load_config(config).partner)
    if not yes and not output.confirm(f"Delete {name} from account {customer}?"):
        output.fail("Nothing was deleted: answer y, or use --yes.")
    account.client("events").delete_partner_event_source(Name=name, Account=customer)


def _full_name(source: str, partner: str) -> str:
    return source if source.startswith("aws.partner/") else f"{partner}/{source}"


def _sources(client: Any, prefix: str) -> Iterator[dict[str, Any]]:
    yield from paginate(client.list_partner_event_sources, "PartnerEventSources", NamePrefix=prefix)


def _print_none(account: Account, prefix: str) -> None:
    output.print_message(f'No source begins with "{prefix}" in {account.describe()}.')


def _time(value: Any) -> str | None:
    return value.isoformat() if value else None

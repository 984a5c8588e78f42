"""`relayctl destinations`: customers' destinations, through the control API of a deployed relay."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from relay.handover.render import Form
from relayctl import inputs, output
from relayctl.control import ControlApi, customer_path, destination_path
from relayctl.options import OutputOption, YesOption, control_options
from relayctl.output import OutputFormat

app = typer.Typer(no_args_is_help=True, help="Connect customers: create, list, pause, release and delete destinations.")

CustomerArgument = Annotated[str, typer.Argument(help="Your own id of the customer.")]
NameArgument = Annotated[str, typer.Argument(help="The name of the destination, such as prod.")]
DetailTypesOption = Annotated[
    list[str] | None, typer.Option("--detail-types", help="A detail-type, or its beginning and *. Can be repeated.")
]
DescriptionOption = Annotated[str | None, typer.Option("--description", help="A text of your own.")]
MetadataOption = Annotated[list[str] | None, typer.Option("--metadata", help="name=value. Can be repeated.")]
DiscardOption = Annotated[bool, typer.Option("--discard", help="Delete webhooks that wait, too.")]
COLUMNS = ("customer", "name", "aws_account_id", "aws_region", "status", "source_status", "holding", "source")


class Scope(StrEnum):
    """What a link to the customer's page lets its bearer do."""

    MANAGE = "manage"
    READ = "read"


@app.command()
@control_options
def create(
    customer: CustomerArgument,
    name: NameArgument,
    api: ControlApi,
    account: Annotated[
        str,
        typer.Option(
            "--account", parser=inputs.parse_account, metavar="ACCOUNT", help="The customer's AWS account: 12 digits."
        ),
    ],
    destination_region: Annotated[str, typer.Option("--destination-region", help="The AWS Region of the customer.")],
    detail_types: DetailTypesOption = None,
    description: DescriptionOption = None,
    metadata: MetadataOption = None,
    source: Annotated[str | None, typer.Option("--source", help="An existing source to adopt.")] = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Create a destination, and its partner event source in the customer's account.

    Example: relayctl destinations create c42 prod --account 222222222222 --destination-region us-east-1
    """
    wanted = {"aws_account_id": account, "aws_region": destination_region}
    body = _optional(detail_types=detail_types, description=description, metadata=_metadata(metadata), source=source)
    found = api.call("PUT", destination_path(customer, name), wanted | body, headers={"if-none-match": "*"})
    _show(found, output_format)
    output.print_message(
        "Next, what the customer deploys to receive events: "
        f"relayctl destinations handover {customer} {name} --as cloudformation"
    )


@app.command("list")
@control_options
def list_destinations(
    api: ControlApi,
    customer: Annotated[str | None, typer.Argument(help="Only the destinations of this customer.")] = None,
    source_status: Annotated[
        str | None, typer.Option("--source-status", help="Only those: active, pending, missing or unknown.")
    ] = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """List destinations."""
    output.print_rows(output_format, COLUMNS, list(api.destinations(customer, source_status)))


@app.command()
@control_options
def show(
    customer: CustomerArgument, name: NameArgument, api: ControlApi, output_format: OutputOption = OutputFormat.TABLE
) -> None:
    """Show a destination, and how many webhooks wait for it."""
    _show(api.call("GET", destination_path(customer, name)), output_format)


@app.command()
@control_options
def update(
    customer: CustomerArgument,
    name: NameArgument,
    api: ControlApi,
    detail_types: DetailTypesOption = None,
    description: DescriptionOption = None,
    metadata: MetadataOption = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Change what a customer subscribed to, the description or the metadata; what is not given stays."""
    before = api.call("GET", destination_path(customer, name))
    kept = {key: before[key] for key in ("aws_account_id", "aws_region", "detail_types", "description", "metadata")}
    body = _optional(detail_types=detail_types, description=description, metadata=_metadata(metadata))
    _show(api.call("PUT", destination_path(customer, name), kept | body), output_format)


@app.command()
@control_options
def pause(
    customer: CustomerArgument, name: NameArgument, api: ControlApi, output_format: OutputOption = OutputFormat.TABLE
) -> None:
    """Hold entries from now on, until `resume`."""
    _show(api.call("POST", destination_path(customer, name, "pause")), output_format)


@app.command()
@control_options
def resume(
    customer: CustomerArgument, name: NameArgument, api: ControlApi, output_format: OutputOption = OutputFormat.TABLE
) -> None:
    """Put entries again, and release what was held."""
    _show(api.call("POST", destination_path(customer, name, "resume")), output_format)


@app.command()
@control_options
def release(
    customer: CustomerArgument,
    name: NameArgument,
    api: ControlApi,
    since: Annotated[
        str | None, typer.Option("--since", help="Send once more what was received since then: an RFC 3339 time.")
    ] = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Start delivery now, without waiting for `settle`."""
    _show(api.call("POST", destination_path(customer, name, "release"), _optional(since=since)), output_format)


@app.command()
@control_options
def ping(customer: CustomerArgument, name: NameArgument, api: ControlApi) -> None:
    """Send a test event to the customer, and print its EventBridge id."""
    print(api.call("POST", destination_path(customer, name, "ping"))["event_id"])


@app.command()
@control_options
def handover(
    customer: CustomerArgument,
    name: NameArgument,
    api: ControlApi,
    form: Annotated[Form, typer.Option("--as", help="A template, Terraform, a script for the AWS CLI, or steps.")],
) -> None:
    """Print what the customer deploys, runs or clicks to receive events. It makes nothing itself.

    Example: relayctl destinations handover c42 prod --as cloudformation > c42.yaml
    """
    answer = api.call("GET", destination_path(customer, name, "handover"), query={"as": form.value})
    output.print_text(answer["text"].removesuffix("\n"))


@app.command()
@control_options
def link(
    customer: CustomerArgument,
    api: ControlApi,
    scope: Annotated[Scope, typer.Option("--scope", help="Whether the page changes destinations, or only looks.")] = (
        Scope.MANAGE
    ),
    actor: Annotated[
        str, typer.Option("--actor", help="Who opens it: each change on the page is audited by that name.")
    ] = "operator",
    return_url: Annotated[str, typer.Option("--return-url", help="An https URL where the page leads back to.")] = "",
) -> None:
    """Print a link to the customer's page. Whoever has it is let in; it is good for 15 minutes."""
    body = {"scope": scope.value, "actor": actor, "return_url": return_url}
    print(api.call("POST", f"{customer_path(customer)}/links", body)["url"])


@app.command()
@control_options
def revoke(customer: CustomerArgument, api: ControlApi) -> None:
    """End every link to the customer's page, and every session that one has opened. New links can be made."""
    api.call("DELETE", f"{customer_path(customer)}/links")


@app.command()
@control_options
def delete(
    customer: CustomerArgument,
    name: NameArgument,
    api: ControlApi,
    discard: DiscardOption = False,
    yes: YesOption = False,
) -> None:
    """Delete a destination and its source, after a question. Refused while webhooks wait, unless --discard."""
    if not yes and not output.confirm(f"Delete destination {name} of customer {customer}?"):
        output.fail("Nothing was deleted: answer y, or use --yes.")
    api.call("DELETE", destination_path(customer, name), query={"discard": "true"} if discard else None)
    output.print_message(f"Deleted destination {name} of customer {customer}.")


def _show(found: dict[str, Any], output_format: OutputFormat) -> None:
    if output_format is OutputFormat.JSON:
        output.print_json(found)
        return
    rows = [{"field": key, "value": value} for key, value in found.items() if value not in ("", None, {})]
    output.print_rows(output_format, ("field", "value"), rows)


def _optional(**values: Any) -> dict[str, Any]:
    """Return what was given on the command line."""
    return {name: value for name, value in values.items() if value is not None}


def _metadata(pairs: list[str] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise typer.BadParameter(f"expected name=value, got {wrong[0]!r}", param_hint="--metadata")
    return dict(pair.split("=", 1) for pair in pairs)

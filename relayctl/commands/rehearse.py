"""`relayctl rehearse`: walk AWS's validation of a partner against a deployed relay, and write the evidence."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from relay.catalog import loader as catalog_loader
from relay.catalog.event_type import EventType
from relay.config import stage_names
from relay.config.model import Config
from relay.config.regions import region_problem
from relay.config.route import Route
from relay.destinations.model import Destination
from relay.errors import CannotSign, ConfigError, MappingError, Rejected
from relayctl import aws, inputs, output
from relayctl.aws import Account, Stack
from relayctl.commands.send import read_secret
from relayctl.control import ControlApi
from relayctl.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    ControlUrlOption,
    EndpointOption,
    HeaderOption,
    ProfileOption,
    RoleOption,
    StackOption,
    YesOption,
    control_api,
    option_group,
)
from relayctl.rehearsal import cleaning, naming
from relayctl.rehearsal.customer import CustomerAccount
from relayctl.rehearsal.evidence import as_markdown
from relayctl.rehearsal.place import Place
from relayctl.rehearsal.roles import Roles
from relayctl.rehearsal.run import rehearse as walk
from relayctl.rehearsal.sender import PayloadError, Sender
from relayctl.routes import url_of
from relayctl.walk import FAILED, NOT_SHOWN

TEST_DOMAIN = ".test"


def _stack(
    stack_name: StackOption = stage_names.STACK, profile: ProfileOption = None, endpoint_url: EndpointOption = None
) -> Stack:
    """Return the stack in the Region of the environment or the profile: --region is about customers here."""
    return Stack(Account(profile, None, endpoint_url), stack_name)


def rehearse(
    stack: Stack,
    region: Annotated[list[str], typer.Option(help="A Region of a customer; AWS wants to see two. Can be repeated.")],
    customer_profile: Annotated[
        str, typer.Option(help="A profile of the AWS configuration for the account that plays the customer.")
    ],
    route: Annotated[str, typer.Option(help="The route to post webhooks to.")] = "",
    payload: Annotated[
        Path | None, typer.Option(help="A file with a body of the route, with ${customer} where the customer stands.")
    ] = None,
    url: Annotated[str, typer.Option(help="The complete URL of the route, if not that of the stack's outputs.")] = "",
    header: HeaderOption = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="RELAY_SECRET", help="The route's secret, if it is not to be read from Secrets Manager."),
    ] = None,
    output_file: Annotated[Path, typer.Option("--output", help="Where to write the evidence.")] = Path(
        "partner-evidence.md"
    ),
    clean_up: Annotated[
        bool, typer.Option("--clean-up", help="Only delete what rehearsals have left, of this or an earlier run.")
    ] = False,
    yes: YesOption = False,
    control_url: ControlUrlOption = None,
    role_arn: RoleOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Walk through what AWS asks when it validates a partner, with real calls, and write partner-evidence.md.

    Creates customers named rehearsal-… through the control API, and buses and a queue in the customer's account; all of
    it is deleted at the end. Works on the local AWS, or on AWS for a partner whose domain ends with .test.

    Exit codes: 0 no step failed, 1 a step failed, 2 a mistake on the command line or in relay.toml.
    """
    relay = inputs.load_config(config)
    local = bool(stack.account.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
    _check(relay, region, local=local)
    api = control_api(stack, control_url, role_arn)
    customer = Account(customer_profile, None, stack.account.endpoint_url)
    if clean_up:
        _clean_up(relay, stack.account, api, customer, region)
        return
    catalog = _catalog(config)
    sender = _sender(stack, relay, _route(relay, route), payload, url, header, secret)
    run_id = naming.new_id()
    places = _places(run_id, stack, relay, api, customer, region, sender)
    question = f"Make sources in account {places[0].customer.id}, and a bus for each, in {', '.join(region)}?"
    if not yes and not output.confirm(question):
        output.fail("Nothing was made.")
    rehearsal = walk(places, catalog, output.print_message, local=local)
    output_file.write_text(as_markdown(rehearsal), "utf-8")
    output.print_message(f"Evidence: {output_file}")
    for status in (NOT_SHOWN, FAILED):
        for result in rehearsal.results:
            if result.status == status:
                output.print_message(f"{status}: {result.region} {result.step}: {result.seen}")
    if any(result.status == FAILED for result in rehearsal.results):
        raise typer.Exit(output.FAILED)


def _check(relay: Config, regions: Iterable[str], *, local: bool) -> None:
    if relay.destinations is None:
        output.fail("relay.toml has no [destinations]: there is no control API to rehearse with.", output.MISTAKE)
    if not local and not relay.partner.endswith(TEST_DOMAIN):
        message = f"{relay.partner} is not a test partner: rehearse with a domain that ends with {TEST_DOMAIN}."
        output.fail(message, output.MISTAKE)
    for name in regions:
        problem = region_problem(name) or (
            "" if name in relay.regions else f"expected one of {', '.join(relay.regions)}"
        )
        if problem:
            raise typer.BadParameter(f'{problem}, got "{name}"', param_hint="--region")


def _catalog(path: Path) -> Sequence[EventType]:
    """Return the event catalog beside relay.toml, or print a line for every mistake in it and exit with code 2."""
    try:
        return catalog_loader.load(catalog_loader.catalog_path(path))
    except ConfigError as error:
        output.fail("\n".join(error.problems), output.MISTAKE)


def _route(relay: Config, name: str) -> Route:
    """Return the route of this name, or the only one that has a customer. Exit with code 2 if there is no such."""
    routes = [route for route in relay.routes if route.customer]
    found = inputs.find_route(relay, name) if name else routes[0] if len(routes) == 1 else None
    if found is None or not found.customer:
        names = ", ".join(route.name for route in routes) or "none"
        output.fail(f"Use --route with a route that has a customer; relay.toml has {names}.", output.MISTAKE)
    return found


def _sender(
    stack: Stack,
    relay: Config,
    route: Route,
    payload: Path | None,
    url: str,
    header: list[str] | None,
    secret: str | None,
) -> Sender:
    """Return the sender of the route. Exit with code 2 if the payload is not for the rehearsal's customers alone."""
    if payload is None:
        output.fail(f'Use --payload with a body of route "{route.name}".', output.MISTAKE)
    if not (url := url or url_of(stack.outputs(), route) or ""):
        output.fail(f'Use --url: the stack has no URL of route "{route.name}".', output.MISTAKE)
    if secret is None and route.auth.secret:
        secret = read_secret(stack.account, route)
    headers = {name.lower(): value for name, value in inputs.parse_pairs(header, ":", "--header").items()}
    sender = Sender(relay, route, secret or "", url, headers, inputs.read_payload(payload))
    try:
        sender.entries("c", Destination("c", "prod", "", "", relay.regions[0], f"{relay.partner}/c/prod"))
        sender.signed("c")
    except (PayloadError, CannotSign, MappingError, Rejected) as error:
        output.fail(f"{payload}: {getattr(error, 'detail', error)}", output.MISTAKE)
    return sender


def _places(
    run_id: str,
    stack: Stack,
    relay: Config,
    api: ControlApi,
    customer: Account,
    regions: list[str],
    sender: Sender,
) -> list[Place]:
    publisher = stack.account.client("sts").get_caller_identity()["Account"]
    roles = Roles(stack.account.client("cloudformation"), stack.account.client("iam"), stack.name)
    places = [
        Place(
            run_id,
            region,
            relay,
            api,
            publisher,
            stack.account.in_region(region).client("events"),
            roles,
            CustomerAccount(customer.in_region(region), f"{naming.PREFIX}{run_id}"),
            sender,
        )
        for region in dict.fromkeys(regions)
    ]
    for place in places:
        place.neighbors = [other for other in places if other is not place]
    return places


def _clean_up(relay: Config, account: Account, api: ControlApi, customer: Account, regions: list[str]) -> None:
    deleted = cleaning.clean_up_customers(api)
    for region in dict.fromkeys(regions):
        theirs = CustomerAccount(customer.in_region(region), naming.PREFIX)
        deleted += cleaning.clean_up_region(relay.partner, account.in_region(region).client("events"), theirs)
    for name in deleted:
        print(name)
    output.print_message(f"{len(deleted)} deleted")


command = option_group("stack", _stack)(aws.report_errors()(rehearse))

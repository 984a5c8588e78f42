"""`relayctl recover`: let a sender deliver again what did not reach the relay."""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer

from relay.errors import CannotSign
from relay.http.request import Request
from relayctl import github_deliveries, inputs, output, sender_api, stripe_events, svix_attempts
from relayctl.arguments import RouteArgument
from relayctl.aws import Account
from relayctl.commands.send import read_secret
from relayctl.options import DEFAULT_CONFIG, ConfigOption, OutputOption, aws_options
from relayctl.output import OutputFormat
from relayctl.sender_api import Deliveries, Delivery, SenderError
from relayctl.signing import sign

COLUMNS = ("time", "event", "delivery id", "status", "result")
HOW = "docs/how-to/recover.md"

app = typer.Typer(no_args_is_help=True, help="Let a sender deliver again what did not reach the relay.")

SinceOption = Annotated[str, typer.Option(help="From when on: 1h ago, or a time (UTC) such as 2026-11-22T10:00.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="List what has failed, and do nothing about it.")]


@app.command("github")
def recover_github(
    hook: Annotated[
        str, typer.Argument(metavar="HOOK", help="OWNER/REPOSITORY/ID, ORGANIZATION/ID, or app for a GitHub App's.")
    ],
    since: SinceOption,
    dry_run: DryRunOption = False,
    api_url: Annotated[
        str, typer.Option(envvar="GITHUB_API_URL", help="GitHub's API; of a server of yours, https://HOST/api/v3.")
    ] = github_deliveries.API_URL,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Let GitHub deliver again what failed: it signs anew, and the delivery id stays.

    The token is in the environment variable GITHUB_TOKEN; it may write the webhook, and an app's is a JSON Web Token.

    Example: relayctl recover github octo-org/hello-world/292430182 --since 1h --dry-run

    Exit codes: 0 nothing had failed, or GitHub was asked for all of it, 1 it was not, 2 a mistake.
    """
    token = _token("GITHUB_TOKEN", "a token that may write the webhook")
    begin = _begin(since)
    try:
        path = github_deliveries.hook_path(hook)
        client = github_deliveries.api_client(api_url, token)
    except ValueError as error:
        output.fail(str(error), output.MISTAKE)
    with client:
        _recover(github_deliveries.Hook(client, path), begin, "asked for", output_format, dry_run=dry_run)


@app.command("svix")
def recover_svix(
    endpoint: Annotated[
        str, typer.Argument(metavar="APP/ENDPOINT", help="The application and its endpoint, by their ids or uids.")
    ],
    since: SinceOption,
    dry_run: DryRunOption = False,
    api_url: Annotated[
        str, typer.Option(envvar="SVIX_SERVER_URL", help="Svix's API; default: that of the token's region.")
    ] = "",
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Let Svix send again what failed, if you send with Svix yourself: it signs anew, and the message's id stays.

    The API token of your environment is in the environment variable SVIX_TOKEN.

    Example: relayctl recover svix app_1srOrx2ZWZBpBUvZwXKQmoEYga2/ep_1srOrx2ZWZBpBUvZwXKQmoEYga2 --since 1h

    Exit codes: 0 nothing had failed, or Svix was asked for all of it, 1 it was not, 2 a mistake.
    """
    token = _token("SVIX_TOKEN", "an API token of your environment")
    begin = _begin(since)
    try:
        client = svix_attempts.api_client(api_url or svix_attempts.api_url(token), token)
        attempts = svix_attempts.Endpoint(client, endpoint)
    except ValueError as error:
        output.fail(str(error), output.MISTAKE)
    with client:
        _recover(attempts, begin, "asked for", output_format, dry_run=dry_run)


@app.command("stripe")
@aws_options
def recover_stripe(  # the options of a command
    route_name: RouteArgument,
    account: Account,
    url: Annotated[str, typer.Option(help="The complete URL of the route.")],
    since: SinceOption,
    event: Annotated[
        list[str] | None, typer.Option(help="Only events of this type, as the endpoint has them. Can be repeated.")
    ] = None,
    dry_run: DryRunOption = False,
    secret: Annotated[
        str | None,
        typer.Option(envvar="RELAY_SECRET", help="The route's secret, if it is not to be read from Secrets Manager."),
    ] = None,
    api_url: Annotated[str, typer.Option(help="Stripe's API.")] = stripe_events.API_URL,
    config: ConfigOption = DEFAULT_CONFIG,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Read from Stripe what some endpoint has not got, sign it here with the route's secret, and post it to the route.

    Stripe's API sends nothing again, so it is this command that signs: read docs/how-to/recover.md first.
    The key is in the environment variable STRIPE_API_KEY; a restricted key may read Events.

    Example: relayctl recover stripe stripe --url https://…/stripe --since 1h --event invoice.paid --dry-run

    Exit codes: 0 nothing was missing, or the relay took all of it, 1 it did not, 2 a mistake.
    """
    key = _token("STRIPE_API_KEY", "a restricted key that may read Events")
    begin = _begin(since)
    route = inputs.find_route(inputs.load_config(config), route_name)
    if secret is None and route.auth.secret and not dry_run:
        secret = read_secret(account, route)

    def post(body: bytes) -> None:
        request = Request("POST", httpx.URL(url).path, "", {"content-type": "application/json"}, body, "")
        try:
            signed = sign(route, secret or "", request, url)
            response = relay.post(url, content=signed.body, headers=dict(signed.headers))
        except (CannotSign, httpx.HTTPError, httpx.InvalidURL) as error:
            raise SenderError(f"{url}: {error or type(error).__name__}") from error
        if not response.is_success:
            raise SenderError(f"{url}: {response.status_code} {response.reason_phrase}")

    try:
        client = stripe_events.api_client(api_url, key)
    except ValueError as error:
        output.fail(str(error), output.MISTAKE)
    with client, httpx.Client(timeout=sender_api.TIMEOUT_SECONDS) as relay:
        events = stripe_events.Events(client, event or [], post)
        _recover(events, begin, "posted", output_format, dry_run=dry_run)


def _token(variable: str, what: str) -> str:
    if token := os.environ.get(variable):
        return token
    return output.fail(f"Set {variable} to {what}: {HOW}.", output.MISTAKE)


def _begin(since: str) -> datetime:
    begin, _ = inputs.parse_window(since, None, datetime.now(UTC))
    return begin


def _recover(deliveries: Deliveries, begin: datetime, done: str, output_format: OutputFormat, *, dry_run: bool) -> None:
    """Have everything delivered again that failed, and print what became of it; `done` is the word for it."""
    try:
        failed = deliveries.failed(begin)
    except SenderError as error:
        output.fail(str(error))
    results = ["failed" if dry_run else _redeliver(deliveries, delivery, done) for delivery in failed]
    rows = [_row(delivery, result) for delivery, result in zip(failed, results, strict=True)]
    output.print_rows(output_format, COLUMNS, rows)
    wrong = sum(result not in {"failed", done} for result in results)
    verb = "would be" if dry_run else "were"
    again = "asked for again" if done == "asked for" else done
    output.print_message(f"{len(failed) - wrong} of {len(failed)} failed deliveries {verb} {again}.")
    if wrong:
        raise typer.Exit(output.FAILED)


def _redeliver(deliveries: Deliveries, delivery: Delivery, done: str) -> str:
    """Return what became of a failed delivery: a reason if it could not be delivered again."""
    try:
        deliveries.redeliver(delivery)
    except SenderError as error:
        return str(error)
    return done


def _row(delivery: Delivery, result: str) -> dict[str, Any]:
    values = (f"{delivery.delivered_at:%Y-%m-%dT%H:%M:%SZ}", delivery.event, delivery.guid, delivery.status, result)
    return dict(zip(COLUMNS, values, strict=True))

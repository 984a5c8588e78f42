"""`relayctl recover`: let a sender deliver again what did not reach the relay."""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from relayctl import github_deliveries, inputs, output
from relayctl.github_deliveries import API_URL, Delivery, GitHubError, Hook
from relayctl.options import OutputOption
from relayctl.output import OutputFormat

COLUMNS = ("time", "event", "delivery id", "status", "result")
TOKEN = "GITHUB_TOKEN"  # noqa: S105 # the variable's name

app = typer.Typer(no_args_is_help=True, help="Let a sender deliver again what did not reach the relay.")


@app.command("github")
def recover_github(
    hook: Annotated[
        str, typer.Argument(metavar="HOOK", help="OWNER/REPOSITORY/ID, ORGANIZATION/ID, or app for a GitHub App's.")
    ],
    since: Annotated[str, typer.Option(help="From when on: 1h ago, or a time (UTC) such as 2026-11-22T10:00.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what has failed, and ask for nothing.")] = False,
    api_url: Annotated[
        str, typer.Option(envvar="GITHUB_API_URL", help="GitHub's API; of a server of yours, https://HOST/api/v3.")
    ] = API_URL,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Let GitHub deliver again what failed: it signs anew, and the delivery id stays.

    The token is in the environment variable GITHUB_TOKEN; it may write the webhook, and an app's is a JSON Web Token.

    Example: relayctl recover github octo-org/hello-world/292430182 --since 1h --dry-run

    Exit codes: 0 nothing had failed, or GitHub was asked for all of it, 1 it was not, 2 a mistake.
    """
    if not (token := os.environ.get(TOKEN)):
        output.fail(f"Set {TOKEN} to a token that may write the webhook: docs/how-to/recover.md.", output.MISTAKE)
    begin, _ = inputs.parse_window(since, None, datetime.now(UTC))
    try:
        path = github_deliveries.hook_path(hook)
        client = github_deliveries.api_client(api_url, token)
    except ValueError as error:
        output.fail(str(error), output.MISTAKE)
    with client:
        webhook = Hook(client, path)
        try:
            failed = webhook.failed(begin)
        except GitHubError as error:
            output.fail(str(error))
        results = [_recover(webhook, delivery, dry_run=dry_run) for delivery in failed]
    rows = [_row(delivery, result) for delivery, result in zip(failed, results, strict=True)]
    output.print_rows(output_format, COLUMNS, rows)
    wrong = sum(result not in {"failed", "asked for"} for result in results)
    verb = "would be" if dry_run else "were"
    output.print_message(f"{len(failed) - wrong} of {len(failed)} failed deliveries {verb} asked for again.")
    if wrong:
        raise typer.Exit(output.FAILED)


def _recover(webhook: Hook, delivery: Delivery, *, dry_run: bool) -> str:
    """Return what became of a failed delivery: a reason if it could not be asked for."""
    if dry_run:
        return "failed"
    try:
        webhook.redeliver(delivery)
    except GitHubError as error:
        return str(error)
    return "asked for"


def _row(delivery: Delivery, result: str) -> dict[str, Any]:
    status = f"{delivery.status_code} {delivery.status}"
    values = (f"{delivery.delivered_at:%Y-%m-%dT%H:%M:%SZ}", delivery.event, delivery.guid, status, result)
    return dict(zip(COLUMNS, values, strict=True))

"""`relayctl listen`: post what a deployed relay receives to a relay on this machine."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import httpx
import typer

from relay.archive.record import ArchivedWebhook
from relayctl import archive, inputs, listening, output
from relayctl.aws import Stack
from relayctl.listening import NotPosted, Target
from relayctl.options import DEFAULT_CONFIG, ConfigOption, aws_options

TIMEOUT_SECONDS = 35
LOCAL_URL = "http://127.0.0.1:8080"


@aws_options
def listen(
    stack: Stack,
    route: Annotated[str, typer.Option(help="Only webhooks of this route.")] = "",
    secret: Annotated[
        list[str] | None,
        typer.Option(help="The secret of a route here, as ROUTE=SECRET: `make run` prints them. Can be repeated."),
    ] = None,
    url: Annotated[str, typer.Option(help="Where to post, without the route's path; default: `make run`.")] = LOCAL_URL,
    since: Annotated[
        str | None, typer.Option(help="Also what came since then: 1h ago, or a time (UTC) such as 2026-11-22T10:00.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Follow the archive of a deployed relay, and post each webhook, freshly signed, to a relay on this machine.

    It comes about a minute after the deployed relay had it: so long takes the archive. Ctrl-C ends it.

    Example: relayctl listen --route github --secret "github=It's a Secret to Everybody"

    Exit codes: 0 interrupted with Ctrl-C, 1 the archive could not be read, 2 a mistake.
    """
    target = Target(url, inputs.load_config(config), inputs.parse_pairs(secret, "=", "--secret"))
    for name in filter(None, (route, *target.secrets)):
        inputs.find_route(target.config, name)
    begin = datetime.now(UTC)
    if since is not None:
        begin, _ = inputs.parse_window(since, None, begin)
    store = archive.open_archive(stack)
    results: Counter[str] = Counter()
    output.print_message(f"Posting what {stack.name} receives to {url}, about a minute after it came, until Ctrl-C.")
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            for webhook in listening.follow(store, begin, lambda key, why: output.print_message(f"{key}: {why}")):
                if not route or webhook.route == route:
                    result = _post(client, target, webhook)
                    results[result] += 1
                    _print(webhook, result)
    except OSError as error:
        output.fail(str(error))
    except KeyboardInterrupt:
        for result, number in results.most_common():
            output.print_message(f"{number} webhooks: {result}")
        raise typer.Exit from None


def _post(client: httpx.Client, target: Target, webhook: ArchivedWebhook) -> str:
    """Return the status of the answer, or why there is none."""
    try:
        url, request = target.sign(webhook)
        response = client.post(url, content=request.body, headers=dict(request.headers))
    except NotPosted as error:
        return f"not posted: {error}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"no answer: {error or type(error).__name__}; is `make run` up?"
    return f"{response.status_code} {response.reason_phrase}"


def _print(webhook: ArchivedWebhook, result: str) -> None:
    cells = (f"{webhook.received_at:%Y-%m-%dT%H:%M:%SZ}", webhook.route, webhook.webhook_id, result)
    print("\t".join(output.cell(cell) for cell in cells), flush=True)

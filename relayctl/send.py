"""`send`: post a payload as the sender would."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer
from rich.console import Console
from rich.progress import Progress

from relay.auth import secret_ref
from relay.config.route import Route
from relay.errors import CannotSign
from relay.http import body_formats
from relay.http.request import Request
from relayctl import printing, routes
from relayctl.aws import Account, errors
from relayctl.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    EndpointOption,
    HeaderOption,
    ProfileOption,
    RegionOption,
    SecretOption,
)
from relayctl.signing import sign

TIMEOUT_SECONDS = 35  # a little longer than API Gateway's own


def send(
    route: Annotated[str, typer.Argument(help="The name of a route.")],
    file: Annotated[Path, typer.Argument(metavar="PAYLOAD", help="A file with the body, or - for standard input.")],
    url: Annotated[str, typer.Option(help="The route's whole URL, its path parameters filled in.")],
    header: HeaderOption = None,
    count: Annotated[int, typer.Option(min=1, help="How often to post it, each with a signature of its own.")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="At most so many a second; 0: as fast as the answers come.")] = 0,
    secret: SecretOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> None:
    """Sign a payload as the sender would, post it, and print the answer.

    Example: relayctl send github push.json --url https://…/github --header x-github-event:push --secret "It's a Secret"

    Exit codes: 0 every answer was 2xx, 1 one was not, 2 a mistake, or a scheme that only the sender can sign.
    """
    found = routes.find(routes.load(config), route)
    headers = {"content-type": body_formats.media_type(found.body)} | {
        name.lower(): value for name, value in routes.pairs(header, ":", "--header").items()
    }
    parts = urlsplit(url)
    request = Request("POST", parts.path, parts.query, headers, routes.payload(file), "")
    if secret is None and found.auth.secret:
        secret = _stored(Account(profile, region, endpoint_url), found)
    statuses: Counter[int] = Counter()
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS) as client,
        Progress(console=Console(stderr=True), transient=True) as shown,
    ):
        for _ in shown.track(_paced(count, rate), total=count, description=route):
            try:
                signed = sign(found, secret or "", request, url)
                answer = client.post(url, content=request.body, headers=signed)
            except CannotSign as error:
                printing.end(f'route "{route}" cannot be signed here: {error}', printing.MISTAKE)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                printing.end(f"{url}: {error or type(error).__name__}")
            statuses[answer.status_code] += 1
    if count == 1:
        _print(answer)
    else:
        print(json.dumps({str(status): number for status, number in sorted(statuses.items())}))
    if any(not httpx.codes.is_success(status) for status in statuses):
        raise typer.Exit(printing.FAILED)


def _stored(account: Account, route: Route) -> str:
    """The first of the route's active secrets."""
    name = route.auth.secret
    if secret_ref.is_template(name) or name.startswith(secret_ref.SSM):
        printing.end("give --secret: the secret is in Parameter Store, or each customer has one", printing.MISTAKE)
    with errors():
        value: Any = account.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    try:
        several = json.loads(value)
    except ValueError:
        several = value
    return str(several[0] if isinstance(several, list) and several else value)


def _paced(count: int, rate: float) -> Iterator[int]:
    begun = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))  # the rate that was asked for
        yield number


def _print(answer: httpx.Response) -> None:
    printing.say(f"{answer.status_code} {answer.reason_phrase}")
    try:
        printing.json_value(answer.json())
    except (ValueError, RecursionError):
        printing.text(answer.text)

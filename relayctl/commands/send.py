"""`relayctl send`: sign and post a payload, or the sample of a sender, as the sender would."""

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from relay.config.route import Route
from relay.errors import CannotSign
from relay.http import body_formats
from relay.http.request import Request
from relayctl import inputs, output, senders
from relayctl.arguments import PayloadArgument, RouteArgument
from relayctl.aws import Account
from relayctl.options import DEFAULT_CONFIG, ConfigOption, HeaderOption, aws_options
from relayctl.signing import sign

TIMEOUT_SECONDS = 35  # API Gateway's own limit is 30
NEXT_STEPS = {
    "dead_lettered": "EventBridge refused an entry, or it could not be mapped: see `relayctl dead-letters list`.",
    "held": "An entry waits until its customer can receive it: see `relayctl destinations show CUSTOMER NAME`.",
    "unsubscribed": "No destination of the customer wants the event: see `relayctl destinations create`.",
    "without_customer": "An event names no customer: see `relayctl map`.",
}
"""What to do about what did not arrive, by the key of the answer that counts it."""


@aws_options
def send(
    route_name: RouteArgument,
    account: Account,
    url: Annotated[str, typer.Option(help="The complete URL of the route, with its path parameters filled in.")],
    file: PayloadArgument = None,
    header: HeaderOption = None,
    count: Annotated[int, typer.Option(min=1, help="Post the payload this many times, each with a new signature.")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="The most requests a second; 0 means no limit.")] = 0,
    compress: Annotated[bool, typer.Option("--gzip", help="Compress the body, with Content-Encoding: gzip.")] = False,
    secret: Annotated[
        str | None,
        typer.Option(envvar="RELAY_SECRET", help="The route's secret, if it is not to be read from Secrets Manager."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Sign a payload as the sender would, post it, and print the answer.

    Headers that the route's preset reads, such as GitHub's x-github-event, are those of its sample unless --header
    gives them.

    Examples: relayctl send github --url https://…/github
    relayctl send github push.json --url https://…/github --header x-github-event:push --secret "It's a Secret"

    Exit codes: 0 every answer was 2xx, 1 at least one was not, 2 a mistake, or a scheme that only the sender can sign.
    """
    route = inputs.find_route(inputs.load_config(config), route_name)
    given = {name.lower(): value for name, value in inputs.parse_pairs(header, ":", "--header").items()}
    request = _request(route, file, given, url)
    if compress:
        headers = {**request.headers, "content-encoding": "gzip"}
        request = replace(request, body=gzip.compress(request.body, mtime=0), headers=headers)
    if secret is None and route.auth.secret:
        secret = read_secret(account, route)
    statuses: Counter[int] = Counter()
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS) as client,
        output.progress_bar() as progress,
    ):
        for _ in progress.track(_paced(count, rate), total=count, description=route_name):
            try:
                signed = sign(route, secret or "", request, url)
                target = urlsplit(url)._replace(query=signed.query).geturl()
                response = client.post(target, content=signed.body, headers=dict(signed.headers))
            except CannotSign as error:
                reason = f'Requests to route "{route_name}" cannot be signed here: {error}.'
                output.fail(f"{reason} Let the sender post a test webhook itself.", output.MISTAKE)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                output.fail(f"{url}: {error or type(error).__name__}; `relayctl routes` shows the URL of each route")
            statuses[response.status_code] += 1
    if count == 1:
        _print_response(response)
    else:
        print(json.dumps({str(status): number for status, number in sorted(statuses.items())}))
    if any(not httpx.codes.is_success(status) for status in statuses):
        raise typer.Exit(output.FAILED)


def _request(route: Route, file: Path | None, given: dict[str, str], url: str) -> Request:
    """Return the request with a payload, or with the sample of the route's preset; `given` headers win."""
    headers, parts = {"content-type": body_formats.media_type(route.body_format)}, urlsplit(url)
    if file is None:
        sample = senders.sample_of(route)
        headers |= sample.headers
        body = sample.body
    elif not route.preset:
        return Request("POST", parts.path, parts.query, headers | given, inputs.read_payload(file), "")
    else:
        sample = senders.sample(route.preset)
        headers |= {name: value for name, value in sample.headers.items() if name != "content-type"}
        body = inputs.read_payload(file)
    return Request("POST", parts.path, parts.query or sample.query, headers | given, body, "")


def read_secret(account: Account, route: Route) -> str:
    """Return the first of the route's active secrets."""
    secret = route.auth.secret
    if not secret or not secret.is_fixed or secret.is_parameter:
        output.fail("Use --secret: the route's secret is in Parameter Store, or each customer has one.", output.MISTAKE)
    client = account.client("secretsmanager")
    try:
        value: Any = client.get_secret_value(SecretId=secret.text)["SecretString"]
    except client.exceptions.ResourceNotFoundException:
        output.fail(f'No secret is named "{secret.text}" in {account.describe()}: store it there, or use --secret.')
    try:
        secrets = json.loads(value)
    except ValueError:
        secrets = value
    return str(secrets[0] if isinstance(secrets, list) and secrets else value)


def _paced(count: int, rate: float) -> Iterator[int]:
    """Yield the numbers below `count`, at most `rate` of them a second; 0 means no limit."""
    start = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
        yield number


def _print_response(response: httpx.Response) -> None:
    output.print_message(f"{response.status_code} {response.reason_phrase}")
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        output.print_text(response.text)
        return
    output.print_json(answer)
    for name, hint in NEXT_STEPS.items():
        if isinstance(answer, dict) and answer.get(name):
            output.print_message(hint)

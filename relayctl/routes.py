"""The route a command is about, and the request it is tried with."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from relay import config
from relay.config.loader import Config
from relay.config.route import Route
from relay.errors import ConfigError
from relay.http import routing
from relay.http.request import Request
from relay.webhook import Webhook
from relayctl.printing import MISTAKE, end


def load(path: Path) -> Config:
    """relay.toml; every mistake is a line, and exit code 2."""
    try:
        return config.load(path)
    except ConfigError as error:
        end("\n".join(error.problems), MISTAKE)


def find(relay: Config, name: str) -> Route:
    """The route of this name."""
    found = [route for route in relay.routes if route.name == name]
    if not found:
        end(f'no route "{name}"; there are {", ".join(route.name for route in relay.routes)}', MISTAKE)
    return found[0]


def payload(path: Path) -> bytes:
    """The content of a file, or of standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        end(f"{path}: {error.strerror}", MISTAKE)


def pairs(texts: list[str] | None, separator: str, option: str) -> dict[str, str]:
    """`name:value` or `name=value`, by name."""
    split = [text.partition(separator) for text in texts or []]
    if wrong := [name for name, found, _ in split if not found]:
        raise typer.BadParameter(f'expected "name{separator}value", got "{wrong[0]}"', param_hint=option)
    return {name.strip(): value.strip() for name, _, value in split}


def url_path(route: Route, parameters: dict[str, str]) -> str:
    """The route's path with its parameters filled in; each stands for itself if it is not given."""
    segments = [
        parameters.get(segment[1:-1], segment[1:-1]) if segment.startswith("{") else segment
        for segment in route.path.split("/")
    ]
    return "/".join(segments)


def webhook(route: Route, request: Request) -> Webhook:
    """As if the request had been proven authentic, now."""
    _, path = routing.match_route([route], "POST", request.path)
    return Webhook(route, request, path, datetime.now(UTC))

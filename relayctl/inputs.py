"""What commands read: relay.toml, one of its routes, a payload, `name:value` pairs and durations."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from relay import config
from relay.catalog import loader
from relay.catalog.event_type import EventType
from relay.config.model import Config
from relay.config.route import Route
from relay.errors import ConfigError
from relayctl.output import MISTAKE, fail

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def load_config(path: Path) -> Config:
    """Return the configuration in relay.toml, or print a line for every mistake in it and exit with code 2."""
    try:
        return config.load(path)
    except ConfigError as error:
        fail("\n".join(error.problems) + ("" if path.is_file() else "; see --config"), MISTAKE)


def load_catalog(config: Path) -> tuple[EventType, ...]:
    """Return the event catalog beside a relay.toml, or print a line for every mistake in it and exit with code 2."""
    try:
        return loader.load(loader.catalog_path(config))
    except ConfigError as error:
        fail("\n".join(error.problems), MISTAKE)


def find_route(relay: Config, name: str) -> Route:
    """Return the route of this name, or print the names that exist and exit with code 2."""
    routes = {route.name: route for route in relay.routes}
    if name not in routes:
        fail(f'no route is named "{name}"; relay.toml has {", ".join(routes)}', MISTAKE)
    return routes[name]


def read_payload(path: Path) -> bytes:
    """Return the content of a file, or of standard input for `-`. Exit with code 2 if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        fail(f"{path}: {error.strerror}; expected a file with the body, or - for standard input", MISTAKE)


def parse_pairs(texts: list[str] | None, separator: str, option: str) -> dict[str, str]:
    """Return the values of `name:value` or `name=value` by name. Raise BadParameter, naming the option."""
    pairs = {}
    for text in texts or []:
        name, present, value = text.partition(separator)
        if not present:
            raise typer.BadParameter(f'expected "name{separator}value", got "{text}"', param_hint=option)
        pairs[name.strip()] = value.strip()
    return pairs


def parse_account(text: str) -> str:
    """Return the id of an AWS account. Raise BadParameter."""
    if not re.fullmatch(r"[0-9]{12}", text, re.ASCII):
        raise typer.BadParameter(f'expected the 12 digits of an AWS account, got "{text}"')
    return text


def parse_duration(text: str) -> timedelta:
    """Return the duration that `30m`, `12h` or `2d` stands for. Raise BadParameter."""
    if not (match := re.fullmatch(r"([0-9]{1,5})([smhd])", text, re.ASCII)):
        raise typer.BadParameter(f'expected a number and s, m, h or d, such as 12h, got "{text}"')
    return timedelta(seconds=int(match[1]) * UNIT_SECONDS[match[2]])


def parse_window(since: str, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the window from `since` (`24h` ago, or a time in RFC 3339) to `until` (`2h` later, a time, or now).

    Raise BadParameter for what is neither, and for a window that is empty or begins in the future.
    """
    begin = _time(since, "--since")
    if begin is None:
        begin = now - parse_duration(since)
    end = now
    if until is not None:
        end = _time(until, "--until") or begin + parse_duration(until)
    if begin >= now:
        raise typer.BadParameter(f'"{since}" is in the future', param_hint="--since")
    if end <= begin:
        raise typer.BadParameter(f'"{until}" is not after --since', param_hint="--until")
    return begin, min(end, now)


def _time(text: str, option: str) -> datetime | None:
    """Return the time that a text is, in UTC unless it has a zone; None if it is a duration. Raise BadParameter."""
    if text[-1:] in UNIT_SECONDS and text[:-1].isdecimal():
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        expected = "expected a time such as 2026-11-22T10:00, or a number and s, m, h or d"
        raise typer.BadParameter(f'{expected}, got "{text}"', param_hint=option) from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)

"""One route of relay.toml as a text to edit: where it stands, and what another text would make of a webhook."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from relay import config
from relay.archive.record import ArchivedWebhook
from relay.config.line_numbers import line_of
from relay.config.model import Config
from relay.config.route import Route
from relay.errors import ConfigError, MappingError, Rejected
from relay.mapping.parsed_webhook import parse_webhook
from relay_local.inspector.captures import Capture
from relay_local.inspector.explain import webhook_of
from relayctl import difference, preview

_ROUTE = re.compile(r"\s*\[\[\s*route\s*\]\]")


class Unusable(Exception):
    """The file has no route of this name any more, or mistakes; it says which."""


@dataclass(frozen=True)
class Block:
    """A route's lines in a file: `before`, the text of the route, and `after`; `index` counts the routes from 0."""

    before: str
    text: str
    after: str
    index: int

    @property
    def first_line(self) -> int:
        """Return the line of the file, from 1, on which it begins."""
        return self.before.count("\n") + 1


def find(file: str, name: str) -> Block:
    """Return the route's lines, without the blank lines and the comment of the next route. Raise Unusable."""
    try:
        names = [route.name for route in config.parse(file, "relay.toml").routes]
    except ConfigError as error:
        raise Unusable(str(error)) from error
    if name not in names:
        raise Unusable(f'relay.toml has no route "{name}" any more')
    index = names.index(name)
    lines = file.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if _ROUTE.match(line)] + [len(lines)]
    start, end = starts[index], starts[index + 1]
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return Block("".join(lines[:start]), "".join(lines[start:end]), "".join(lines[end:]), index)


def replace_route(block: Block, text: str) -> str:
    """Return the file with another text of this route."""
    return block.before + text.rstrip("\n") + "\n" + block.after


def attempt(block: Block, text: str, capture: Capture) -> dict[str, Any]:
    """Return the entries that `capture` would become with another text, or its problems, each with its line in it."""
    file = replace_route(block, text)
    try:
        relay = config.parse(file, "relay.toml")
    except ConfigError as error:
        return {"problems": [_problem(sentence, block) for sentence in error.problems]}
    return _entries(relay, block, file, capture)


def compare(block: Block, text: str, captures: Iterable[Capture]) -> dict[str, Any]:
    """Return what another text would change of the route's accepted webhooks, as `relayctl diff` does; or its problems.

    `webhooks` is how many were compared, `changed` how many would become other entries, and `changes` says which.
    """
    before = config.parse(replace_route(block, block.text), "relay.toml")
    try:
        after = config.parse(replace_route(block, text), "relay.toml")
    except ConfigError as error:
        return {"problems": [_problem(sentence, block) for sentence in error.problems]}
    route = before.routes[block.index]
    webhooks = (_archived(capture, route) for capture in captures if _is_of(capture, route, before))
    found = difference.compare(webhooks, before, after)
    return {"webhooks": found.webhooks, "changed": found.webhooks - found.unchanged, "changes": found.rows()}


def _is_of(capture: Capture, route: Route, relay: Config) -> bool:
    found = capture.route(relay)
    return (
        found is not None and found.name == route.name and HTTPStatus.OK <= capture.status < HTTPStatus.MULTIPLE_CHOICES
    )


def _archived(capture: Capture, route: Route) -> ArchivedWebhook:
    received_at = datetime.fromtimestamp(capture.at, UTC)
    return ArchivedWebhook(route.name, str(capture.id), received_at, "", capture.decoded_request())


def _entries(relay: Config, block: Block, file: str, capture: Capture) -> dict[str, Any]:
    route = relay.routes[block.index]
    try:
        webhook = webhook_of(capture, route)
        entries = preview.entries(parse_webhook(webhook), relay)
    except MappingError as error:
        field = re.search(r"event\.([a-z_]+)", str(error))
        line = line_of(file, ("route", block.index, "event", *([field[1]] if field else [])))
        return {"problems": [{"line": line - block.first_line + 1, "message": str(error)}]}
    except Rejected as error:
        return {"problems": [{"line": 1, "message": f"would be answered {error.status}: {error.detail}"}]}
    return {"entries": preview.rows(entries, relay)}


def _problem(sentence: str, block: Block) -> dict[str, Any]:
    match = re.match(r"relay\.toml:([0-9]+): (.*)", sentence, re.DOTALL) or re.search(r"line ([0-9]+)", sentence)
    line = int(match[1]) - block.first_line + 1 if match else 1
    message = match[2] if match and match.re.groups > 1 else sentence.removeprefix("relay.toml: ")
    message = re.sub(
        r"at line [0-9]+, (column [0-9]+)", r"\1", message
    )  # the line in the file, which is not that in the route
    return {"line": max(1, line), "message": message}

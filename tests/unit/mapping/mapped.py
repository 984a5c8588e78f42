"""A webhook that is authentic, and the entries that are made of it."""

import json
from typing import Any

from relay.config.model import Config
from relay.entry import Entry
from relay.http.request import Request
from relay.mapping.entries import to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.webhook import Webhook
from tests.conftest import NOW, RELAY_TOML, Load

JSON = {"content-type": "application/json"}


def webhook(config: Config, body: bytes, headers: dict[str, str] = JSON, query: str = "") -> Webhook:
    posted = Request("POST", "/orders/c42", query, headers, body, "request-1")
    return Webhook.unverified(config.routes[0], posted, {"customer": "c42"}, NOW)


def mapped(config: Config, body: bytes, **about: Any) -> list[Entry]:
    authentic = webhook(config, body, **about)
    return to_entries(parse_webhook(authentic), config, lambda entry, _: entry)


def with_event(load: Load, **templates: str) -> Config:
    lines = [f"{name} = {json.dumps(template)}" for name, template in templates.items()]
    return load(RELAY_TOML + "\n".join(lines))

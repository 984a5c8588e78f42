"""The routes of relay.toml with what a stack has made of them."""

from collections.abc import Mapping
from typing import Any

from relay.config.model import Config
from relay.config.route import Route


def rows(relay: Config, outputs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a row for each route: its name, URL, source, the name of its secret, whether its body is authenticated.

    `outputs` are the stack's; without them there are no URLs.
    """
    return [
        {
            "route": route.name,
            "url": url_of(outputs, route),
            "source": _source(route),
            "secret": route.auth.secret.text if route.auth.secret else None,
            "body authenticated": route.auth.authenticates_body,
        }
        for route in relay.routes
    ]


def _source(route: Route) -> str:
    """Return the template of the source, or whose destinations the route sends to."""
    if route.event.source:
        return route.event.source.text
    return f"destinations of {route.customer.text if route.customer else ''}"


def url_of(outputs: Mapping[str, str], route: Route) -> str | None:
    """Return the route's URL, or None if it is not deployed.

    A stack of very many routes has one output for all of them, `ApiUrl`.
    """
    # The stack names its outputs without hyphens.
    url = outputs.get("Url" + "".join(part.capitalize() for part in route.name.split("-")))
    if url or any(name.startswith("Url") for name in outputs):
        return url
    return f"{outputs['ApiUrl'].rstrip('/')}{route.path}" if "ApiUrl" in outputs else None

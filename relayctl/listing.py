"""`presets` and `routes`: what exists."""

from collections.abc import Mapping

from relay.config import presets as known
from relay.config.route import Route
from relayctl import printing, routes
from relayctl.aws import Account, errors
from relayctl.options import (
    DEFAULT_CONFIG,
    DEFAULT_STACK,
    ConfigOption,
    EndpointOption,
    Output,
    OutputOption,
    ProfileOption,
    RegionOption,
    StackOption,
)


def presets(output: OutputOption = Output.TABLE) -> None:
    """The senders that relay.toml can name, how each proves itself, and whether that has been verified."""
    tables = known.load()
    printing.rows(
        output,
        ("preset", "scheme", "handshake", "verified", "documentation"),
        [
            {
                "preset": name,
                "scheme": (tables.get(preset.get("like", ""), {}).get("auth", {}) | preset.get("auth", {})).get(
                    "scheme", "none"
                ),
                "handshake": "handshake" in preset,
                "verified": preset.get("verified", True),
                "documentation": preset["doc"],
            }
            for name, preset in sorted(tables.items())
        ],
    )


def _url(outputs: Mapping[str, str], route: Route) -> str | None:
    """Return the route's URL if it is deployed; with very many routes the stack names their common beginning alone."""
    # As the stack names its outputs: without hyphens.
    url = outputs.get("Url" + "".join(part.capitalize() for part in route.name.split("-")))
    if url or any(name.startswith("Url") for name in outputs):
        return url
    return f"{outputs['ApiUrl'].rstrip('/')}{route.path}" if "ApiUrl" in outputs else None


def list_routes(
    config: ConfigOption = DEFAULT_CONFIG,
    stack_name: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """The routes of relay.toml, and the URL of each that is deployed."""
    relay = routes.load(config)
    with errors():
        outputs = Account(profile, region, endpoint_url).outputs(stack_name)
    printing.rows(
        output,
        ("route", "url", "source", "secret", "body authenticated"),
        [
            {
                "route": route.name,
                "url": _url(outputs, route),
                "source": route.event.source.text,
                "secret": route.auth.secret or None,
                "body authenticated": route.auth.authenticates_body,
            }
            for route in relay.routes
        ],
    )

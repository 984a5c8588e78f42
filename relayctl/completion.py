"""What the shell offers for an argument when Tab is pressed. Nothing is offered where nothing can be read."""

import tomllib
from pathlib import Path

import typer

from relay.config import presets
from relayctl.options import DEFAULT_CONFIG


def complete_route(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of routes of relay.toml that begin with `incomplete`, whatever else is wrong in the file."""
    try:
        routes = tomllib.loads(Path(context.params.get("config") or DEFAULT_CONFIG).read_text("utf-8")).get("route", [])
        names = [str(route["name"]) for route in routes]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_preset(incomplete: str) -> list[str]:
    """Return the names of presets that begin with `incomplete`."""
    return [name for name in sorted(presets.load()) if name.startswith(incomplete)]

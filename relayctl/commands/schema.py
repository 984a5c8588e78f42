"""`relayctl schema`: what relay.toml may say, for editors."""

import json

import typer

from relay.config.json_schema import json_schema


def print_schema() -> None:
    """Print the JSON Schema of relay.toml, which its first line names for editors.

    Example: relayctl schema > relay.schema.json
    """
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))

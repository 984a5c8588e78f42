"""The program: its commands, and nothing else."""

import os
from typing import Annotated, Any

import typer

from relay import config
from relay.config import stage_names
from relayctl import dead_letters, listing, mapping, send, sources

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 something could not be done, 2 a mistake on the command line or in relay.toml.",
)


@app.callback()
def choose_stage(
    context: typer.Context,
    stage: Annotated[
        str, typer.Option(envvar="RELAY_STAGE", help="The stage of cdk.json: whose stack and secrets.")
    ] = stage_names.PRODUCTION,
) -> None:
    """Partner Event Relay: check and try relay.toml, and look after what is deployed."""
    if problem := stage_names.problem(stage):
        raise typer.BadParameter(problem, param_hint="--stage")
    os.environ[config.SECRET_PREFIX] = stage_names.secret_prefix(stage)
    context.default_map = _defaults(context.command, {"stack_name": stage_names.stack_name(stage)})


def _defaults(command: Any, values: dict[str, str]) -> dict[str, Any]:
    """Return `values` for every command below this one: an option that is given still wins."""
    return {
        name: _defaults(below, values) if hasattr(below, "commands") else values
        for name, below in command.commands.items()
    }


app.command("check")(mapping.check)
app.command("map")(mapping.map_payload)
app.command("send")(send.send)
app.command("presets")(listing.presets)
app.command("routes")(listing.list_routes)
app.add_typer(sources.app, name="sources")
app.add_typer(dead_letters.app, name="dead-letters")

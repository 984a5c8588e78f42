"""The program `relayctl`: its commands and the options before them."""

import os
from importlib.metadata import version
from typing import Annotated, Any

import typer

from relay import config
from relay.config import stage_names
from relayctl.commands import (
    account,
    catalog,
    check,
    dead_letters,
    destinations,
    diff,
    doctor,
    init,
    listen,
    log,
    map,  # noqa: A004 # the command
    mcp,
    presets,
    recover,
    rehearse,
    replay,
    routes,
    schema,
    send,
    sources,
    template,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 success, 1 something could not be done, 2 a mistake on the command line or in relay.toml, "
    "130 interrupted.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 # Typer passes the option's value
    if wanted:
        print(f"relayctl {version('partner-event-relay')}")
        raise typer.Exit


@app.callback()
def choose_stage(
    context: typer.Context,
    stage: Annotated[
        str, typer.Option(envvar="RELAY_STAGE", help="A stage of cdk.json: use its stack and its secrets.")
    ] = stage_names.PRODUCTION,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Check and try relay.toml, and operate a deployed Partner Event Relay."""
    if problem := stage_names.problem(stage):
        raise typer.BadParameter(problem, param_hint="--stage")
    os.environ[config.SECRET_PREFIX] = stage_names.secret_prefix(stage)
    context.default_map = _defaults(context.command, {"stack_name": stage_names.stack_name(stage)})


def _defaults(command: Any, values: dict[str, str]) -> dict[str, Any]:
    """Return `values` as the defaults of every command below `command`; an option on the command line still wins."""
    return {
        name: _defaults(subcommand, values) if hasattr(subcommand, "commands") else values
        for name, subcommand in command.commands.items()
    }


app.command("account")(account.show_account)
app.command("check")(check.check)
app.command("doctor")(doctor.examine)
app.command("diff")(diff.diff)
app.command("init")(init.create)
app.command("listen")(listen.listen)
app.command("log")(log.log)
app.command("map")(map.map_payload)
app.command("mcp")(mcp.serve)
app.command("send")(send.send)
app.command("rehearse")(rehearse.command)
app.command("replay")(replay.replay)
app.command("routes")(routes.list_routes)
app.command("template")(template.write)
app.command("trace")(log.trace)
app.command("schema")(schema.print_schema)
app.add_typer(destinations.app, name="destinations")
app.add_typer(catalog.app, name="catalog")
app.add_typer(presets.app, name="presets")
app.add_typer(recover.app, name="recover")
app.add_typer(sources.app, name="sources")
app.add_typer(dead_letters.app, name="dead-letters")

"""The program: its commands, and nothing else."""

import typer

from relayctl import dead_letters, listing, mapping, send, sources

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Partner Event Relay: check and try relay.toml, and look after what is deployed.",
    epilog="Exit codes: 0 done, 1 something could not be done, 2 a mistake on the command line or in relay.toml.",
)
app.command("check")(mapping.check)
app.command("map")(mapping.map_payload)
app.command("send")(send.send)
app.command("presets")(listing.presets)
app.command("routes")(listing.list_routes)
app.add_typer(sources.app, name="sources")
app.add_typer(dead_letters.app, name="dead-letters")

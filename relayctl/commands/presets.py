"""`relayctl presets`: the senders that a route can name, and what each preset sets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from relay import outbound_http
from relay.config import presets
from relay.config.suggestions import similar_names
from relayctl import inputs, output, senders
from relayctl.completion import complete_preset
from relayctl.options import OutputOption
from relayctl.output import OutputFormat
from relayctl.senders import guessing, searching
from relayctl.senders.page import page

MISSES = 5
COLUMNS = ("preset", "scheme", "handshake", "verified", "documentation")


class _ShowByName(TyperGroup):
    """A command group in which `presets NAME` means `presets show NAME`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the subcommand that `args` names, or `show`."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


app = typer.Typer(cls=_ShowByName, invoke_without_command=True)


@app.callback()
def list_presets(
    context: typer.Context,
    search: Annotated[str, typer.Option(help="Only presets whose name, scheme or documentation has this text.")] = "",
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """List the presets: the sender's authentication scheme, and whether the preset has been verified.

    Examples: relayctl presets --search git, relayctl presets github
    """
    if context.invoked_subcommand:
        return
    tables = presets.load()
    rows = [_row(name, _with_inherited(tables, name)) for name in sorted(tables)]
    rows = [
        row for row in rows if any(search.lower() in row[key].lower() for key in ("preset", "scheme", "documentation"))
    ]
    output.print_rows(output_format, COLUMNS, rows)
    if not rows:
        output.print_message(f'No preset matches "{search}": docs/how-to/add-a-sender.md shows how to do without one.')


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The name of a preset.", autocompletion=complete_preset)],
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show a sender: its route, where its settings are, what proves a webhook and the preset, and a sample.

    With --output text, what the preset sets, by the keys of relay.toml; a route can set each of them itself.

    Example: relayctl presets show github
    """
    tables = presets.load()
    if name not in tables:
        close = similar_names(name, tables)
        hint = f'did you mean "{close[0]}"?' if close else "`relayctl presets --search TEXT` finds one"
        output.fail(f'No preset is named "{name}"; {hint}', output.MISTAKE)
    preset = _with_inherited(tables, name)
    if output_format is OutputFormat.TABLE:
        output.print_text(page(name))
    elif output_format is OutputFormat.JSON:
        output.print_json(preset | _about(name))
    else:
        output.print_rows(
            output_format, ("key", "value"), [{"key": key, "value": value} for key, value in _flat(preset)]
        )


@app.command()
def guess(  # the options of a command
    file: Annotated[Path, typer.Argument(metavar="REQUEST", help="A file with a raw HTTP request, or - .")],
    secret: Annotated[
        str, typer.Option(envvar="RELAY_SECRET", help="The secret of the sender; PayPal's webhook id.")
    ] = "",
    public_key: Annotated[str, typer.Option(help="The sender's public key, where it signs with a private one.")] = "",
    url: Annotated[str, typer.Option(help="The base of the URL that the sender used; by default that of Host.")] = "",
    fetch_certificates: Annotated[
        bool,
        typer.Option(
            "--fetch-certificates", help="Fetch the certificate of Amazon SNS or PayPal, from its own host alone."
        ),
    ] = False,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Find the preset of a captured request, by trying every one with the right secret or public key.

    If none verifies it, the usual ways to sign are tried, and the `auth` table of the one that does is printed.

    Example: relayctl presets guess request.http --secret whsec_…

    Exit codes: 0 something verifies the request, 1 nothing does, 2 a mistake on the command line.
    """
    if not (secret or public_key or fetch_certificates):
        output.fail(
            "Give --secret, --public-key or --fetch-certificates: without it nothing can be verified.", output.MISTAKE
        )
    try:
        request, base_url = guessing.parse_http(inputs.read_payload(file))
    except guessing.NotHttp as error:
        output.fail(f"{file}: {error}", output.MISTAKE)
    base_url = url.rstrip("/") or base_url
    fetch = outbound_http.fetch if fetch_certificates else guessing.no_certificates
    found, misses = guessing.guess(request, base_url, secret, public_key, fetch)
    if found:
        rows = [
            {"preset": one.preset, "body": "signed" if one.signs_body else "not authenticated", "headers": one.headers}
            for one in found
        ]
        output.print_rows(output_format, ("preset", "body", "headers"), rows)
        return
    if lines := searching.search(request, base_url, secret) if secret else "":
        output.print_message("No preset verifies this request. The relay does with this table of its route:")
        output.print_text(f"[route.auth]\n{lines}")
        return
    for miss in misses[:MISSES]:
        output.print_message(f"{miss.preset}: {miss.reason}")
    output.fail("Nothing verifies this request with this secret; the reasons above are those of the likeliest presets.")


def _about(name: str) -> dict[str, Any]:
    sample, evidence = senders.sample(name), senders.evidence()[name]
    shown = {"headers": dict(sample.headers), "query": sample.query, "body": sample.body.decode()}
    return {"proof": evidence.proof, "by": evidence.by, "setup": senders.setup(name), "sample": shown}


def _with_inherited(tables: presets.Presets, name: str) -> dict[str, Any]:
    """Return the preset with what it inherits, without keys that it leaves empty."""
    preset = tables[name]
    inherited = presets.inherit(preset, tables.get(preset.get("extends", ""), {}))
    return {key: value for key, value in inherited.items() if value not in ("", {})}


def _row(name: str, preset: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "preset": name,
        "scheme": preset.get("auth", {}).get("scheme", "none"),
        "handshake": "handshake" in preset,
        "verified": preset.get("verified", True),
        "documentation": preset["doc"],
    }


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value below `value` with its dotted key, such as `auth.scheme` or `handshake[0].when`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{key}[{index}]")
    else:
        yield key, value

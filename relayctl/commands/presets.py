"""`relayctl presets`: the senders that a route can name, and what each preset sets."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from relay.config import presets
from relay.config.suggestions import similar_names
from relayctl import output
from relayctl.completion import complete_preset
from relayctl.options import OutputOption
from relayctl.output import OutputFormat

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
    """Show what a preset sets, by the keys of relay.toml. A route can set each of them itself.

    Example: relayctl presets show github
    """
    tables = presets.load()
    if name not in tables:
        close = similar_names(name, tables)
        hint = f'did you mean "{close[0]}"?' if close else "`relayctl presets --search TEXT` finds one"
        output.fail(f'No preset is named "{name}"; {hint}', output.MISTAKE)
    preset = _with_inherited(tables, name)
    if output_format is OutputFormat.JSON:
        output.print_json(preset)
    else:
        output.print_rows(
            output_format, ("key", "value"), [{"key": key, "value": value} for key, value in _flat(preset)]
        )


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

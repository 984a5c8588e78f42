"""`relayctl presets`: the senders that a route can name."""

from relay.config import presets
from relayctl import output
from relayctl.options import OutputOption
from relayctl.output import OutputFormat

COLUMNS = ("preset", "scheme", "handshake", "verified", "documentation")


def list_presets(output_format: OutputOption = OutputFormat.TABLE) -> None:
    """List the presets: the sender's authentication scheme, and whether the preset has been verified."""
    tables = presets.load()
    output.print_rows(
        output_format,
        COLUMNS,
        [
            {
                "preset": name,
                "scheme": (tables.get(preset.get("extends", ""), {}).get("auth", {}) | preset.get("auth", {})).get(
                    "scheme", "none"
                ),
                "handshake": "handshake" in preset,
                "verified": preset.get("verified", True),
                "documentation": preset["doc"],
            }
            for name, preset in sorted(tables.items())
        ],
    )

"""`relayctl routes`: the routes of relay.toml and their URLs."""

from botocore.exceptions import NoCredentialsError, NoRegionError

from relayctl import inputs, output, routes
from relayctl.aws import Stack, explain
from relayctl.options import DEFAULT_CONFIG, ConfigOption, OutputOption, aws_options
from relayctl.output import OutputFormat

COLUMNS = ("route", "url", "source", "secret", "body authenticated")


@aws_options
def list_routes(
    stack: Stack, config: ConfigOption = DEFAULT_CONFIG, output_format: OutputOption = OutputFormat.TABLE
) -> None:
    """List the routes of relay.toml, and the URL of each deployed route; without AWS configured, no URLs."""
    relay = inputs.load_config(config)
    try:
        outputs = stack.outputs()
    except (NoRegionError, NoCredentialsError) as error:
        outputs = {}
        output.print_message(f"Without URLs: those of a deployed relay are read from its stack. {explain(error)}")
    rows = routes.rows(relay, outputs)
    output.print_rows(output_format, COLUMNS, rows)
    if missing := ", ".join(row["route"] for row in rows if outputs and not row["url"]):
        output.print_message(f"Not deployed yet, by this relay.toml: {missing}.")

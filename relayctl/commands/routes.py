"""`relayctl routes`: the routes of relay.toml and their URLs."""

from collections.abc import Mapping

from botocore.exceptions import NoCredentialsError, NoRegionError

from relay.config.route import Route
from relayctl import inputs, output
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
    output.print_rows(
        output_format,
        COLUMNS,
        [
            {
                "route": route.name,
                "url": url_of(outputs, route),
                "source": _source(route),
                "secret": route.auth.secret.text if route.auth.secret else None,
                "body authenticated": route.auth.authenticates_body,
            }
            for route in relay.routes
        ],
    )


def _source(route: Route) -> str:
    """Return the template of the source, or whose destinations the route sends to."""
    if route.event.source:
        return route.event.source.text
    return f"destinations of {route.customer.text if route.customer else ''}"


def url_of(outputs: Mapping[str, str], route: Route) -> str | None:
    """Return the route's URL, or None if it is not deployed.

    A stack of very many routes has one output for all of them, `ApiUrl`.
    """
    # The stack names its outputs without hyphens.
    url = outputs.get("Url" + "".join(part.capitalize() for part in route.name.split("-")))
    if url or any(name.startswith("Url") for name in outputs):
        return url
    return f"{outputs['ApiUrl'].rstrip('/')}{route.path}" if "ApiUrl" in outputs else None

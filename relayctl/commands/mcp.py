"""`relayctl mcp`: the commands that look at a relay, as tools for assistants."""

from typing import Annotated

import typer

from relayctl import output
from relayctl.aws import Stack
from relayctl.options import DEFAULT_CONFIG, ConfigOption, ControlUrlOption, RoleOption, aws_options

MISSING = (
    "relayctl mcp needs the package mcp, version 2.3 or a later 2.x: `make setup` installs it with its hashes, "
    "and the extra `mcp` of this project names it."
)


@aws_options
def serve(
    stack: Stack,
    config: ConfigOption = DEFAULT_CONFIG,
    control_url: ControlUrlOption = None,
    role_arn: RoleOption = None,
    allow_changes: Annotated[
        bool,
        typer.Option(
            "--allow-changes",
            help="Also tools that redrive and discard dead letters, and pause, resume, release and ping destinations.",
        ),
    ] = False,
) -> None:
    """Serve the Model Context Protocol on standard input and output, for an assistant that starts this command.

    Its tools only look, unless --allow-changes is given. It needs the package mcp.

    Example: relayctl --stage dev mcp --profile support
    """
    try:  # an optional package, and slow to import
        from relayctl.assistant import server
        from relayctl.assistant.relay import Relay
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        output.fail(MISSING)
    server.build(Relay(stack, config, control_url, role_arn), allow_changes=allow_changes).run("stdio")

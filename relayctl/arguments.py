"""The arguments that commands share."""

from pathlib import Path
from typing import Annotated

import typer

from relayctl.completion import complete_route

RouteArgument = Annotated[
    str, typer.Argument(metavar="ROUTE", help="The name of a route.", autocompletion=complete_route)
]
PayloadArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PAYLOAD]",
        help="A file with the body, or - for standard input. Without it, the sample of the route's preset.",
        show_default=False,
    ),
]

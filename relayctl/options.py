"""The options that commands share, named as in the AWS CLI."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relay.config import stage_names


class Output(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"


OutputOption = Annotated[Output, typer.Option("--output", help="How results are printed; text has tabs.")]
ConfigOption = Annotated[Path, typer.Option("--config", help="The relay.toml to work with.")]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="The profile of the AWS configuration.")]
RegionOption = Annotated[str | None, typer.Option("--region", help="The AWS Region.")]
EndpointOption = Annotated[str | None, typer.Option("--endpoint-url", help="Another endpoint than that of AWS.")]
StackOption = Annotated[
    str, typer.Option("--stack-name", help="The stack that `cdk deploy` made; else it is the one of --stage.")
]
HeaderOption = Annotated[list[str] | None, typer.Option("--header", help="A header, as name:value; may be repeated.")]
SecretOption = Annotated[
    str | None,
    typer.Option("--secret", envvar="RELAY_SECRET", help="The route's secret; else it is read from Secrets Manager."),
]

DEFAULT_CONFIG = Path("relay.toml")
DEFAULT_STACK = stage_names.STACK

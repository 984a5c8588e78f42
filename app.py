"""`cdk deploy`: the relay that relay.toml describes.

Context: `stage=dev` chooses a stage (without it: prod), `front=rest` a REST API with AWS WAF and `front=url` the URL of
the function, `config=PATH` reads another relay.toml, `target=local` builds the function for this machine (`make
demo`), `nag=true` lets cdk-nag and cdk-preflight check it (`make lint`). `stages` in cdk.json overrides values of a
stage.
"""

import platform
import sys
from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT / "infra"), str(ROOT / "lambda_src")]  # relay.toml is validated by the code that will run it

from partner_event_relay import secrets, stages
from partner_event_relay.front import limits
from partner_event_relay.functions import compiler
from partner_event_relay.functions.bundling import Package
from partner_event_relay.stack import RelayStack
from partner_event_relay.stages import Stage, StageError
from relay import config
from relay.catalog.loader import catalog_path
from relay.catalog.loader import load as load_catalog
from relay.errors import ConfigError


def main() -> None:
    """Write the cloud assembly; exit with every mistake of relay.toml, one on a line."""
    app = cdk.App()
    path = ROOT / (app.node.try_get_context("config") or "relay.toml")
    local = app.node.try_get_context("target") == "local"
    try:
        stage = choose_stage(app, local=local)
        relay = config.load(path).with_secret_prefix(stage.secret_prefix)
        load_catalog(catalog_path(path))  # a mistake in it stops the deployment, not the functions
    except ConfigError as error:
        sys.exit("\n".join(error.problems))
    except StageError as error:
        sys.exit(str(error))
    if problems := [*secrets.problems(relay.routes), *limits.problems(relay, stage)]:
        sys.exit("\n".join(f"{path.name}: {problem}" for problem in problems))
    if not local and (problem := compiler.problem()):
        sys.exit(problem)
    if app.node.try_get_context("nag"):
        from partner_event_relay import checks  # cdk-nag and cdk-preflight are only installed for development

        checks.apply(app)
    cryptography = any(route.auth.requires_cryptography for route in relay.routes)
    package = Package(path, local, cryptography=cryptography)
    control = Package(path, local, cryptography=cryptography, control=True)
    stack = RelayStack(
        app,
        stage.stack_name,
        config=relay,
        stage=stage,
        code=package.code(),
        control_code=control.code() if relay.destinations else None,
        config_path=path,
        architecture=architecture(local=local),
        # Retained resources are of no use without the stack that reads them.
        termination_protection=stage.retain,
        description="Receives SaaS webhooks and puts them as Amazon EventBridge partner events.",
    )
    for number, text in enumerate(relay.warnings()):
        cdk.Annotations.of(stack).add_warning_v2(f"relay-toml-{number}", f"{path.name}: {text}")
    app.synth()


def choose_stage(app: cdk.App, *, local: bool) -> Stage:
    """Return the stage that the context chooses. Raise StageError if it cannot be used."""
    name, front = app.node.try_get_context("stage") or "prod", app.node.try_get_context("front")
    stage = stages.choose(name, app.node.try_get_context("stages"), front)
    # The local AWS has neither.
    return replace(stage, firewall=False, cloudwatch_role=False) if local else stage


def architecture(*, local: bool) -> lambda_.Architecture:
    """Return Lambda's cheaper processor, or this machine's if the function runs here."""
    arm = not local or platform.machine() in {"aarch64", "arm64"}
    return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64


main()

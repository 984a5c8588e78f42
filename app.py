"""`cdk deploy`: the relay that relay.toml describes.

Context: `stage=dev` chooses a stage of cdk.json (without it: prod), `front=rest` its REST API with AWS WAF,
`config=PATH` reads another relay.toml, `target=local` builds the function for this machine (`make demo`), `nag=true`
lets cdk-nag and cdk-preflight check it (`make lint`).
"""

import platform
import sys
from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "lambda_src"))  # relay.toml is proved by the code that will run it

from infra import front, stage
from infra.function import Release
from infra.package import Package
from infra.stack import RelayStack
from infra.stage import StageError
from relay import config
from relay.errors import ConfigError


def main() -> None:
    """Write the cloud assembly; stop with every mistake of relay.toml, one on a line."""
    app = cdk.App()
    path = ROOT / (app.node.try_get_context("config") or "relay.toml")
    local = app.node.try_get_context("target") == "local"
    try:
        relay = config.load(path)
        stages, name = app.node.try_get_context("stages"), app.node.try_get_context("stage") or "prod"
        chosen = stage.read(stages, name, app.node.try_get_context("front"))
        if local:  # the local AWS has neither
            chosen = replace(chosen, firewall=False, cloudwatch_role=False)
        relay = relay.with_secret_prefix(chosen.secret_prefix)
    except ConfigError as error:
        sys.exit("\n".join(error.problems))
    except StageError as error:
        sys.exit(str(error))
    if problems := [f"{path.name}: {problem}" for problem in front.problems(relay, chosen)]:
        sys.exit("\n".join(problems))
    if app.node.try_get_context("nag"):
        from infra import checks  # only for development are cdk-nag and cdk-preflight installed

        checks.apply(app)
    arm = platform.machine() in {"aarch64", "arm64"} or not local
    architecture = lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64
    cryptography = any(route.auth.requires_cryptography for route in relay.routes)
    package = Package(path, local, cryptography=cryptography)
    stack = RelayStack(
        app,
        chosen.stack_name,
        release=Release(relay, package.code(), architecture, chosen),
        # What is retained is no use to anybody without the stack that reads it.
        termination_protection=chosen.retain,
        description="Receives SaaS webhooks and puts them as Amazon EventBridge partner events.",
    )
    if not package.compiler():
        text = "python3.13 is not here to compile the function's package, so its cold starts take twice as long"
        cdk.Annotations.of(stack).add_warning_v2("package-not-compiled", text)
    for number, warning in enumerate(relay.warnings()):
        cdk.Annotations.of(stack).add_warning_v2(f"relay-toml-{number}", f"{path.name}: {warning}")
    app.synth()


main()

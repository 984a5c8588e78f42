"""`cdk deploy`: the relay that relay.toml describes.

Context: `stage=dev` chooses a stage (without it: prod), `front=rest` a REST API with AWS WAF and `front=url` the URL of
the function, `config=PATH` reads another relay.toml, `target=local` builds the function for this machine (`make
demo`), `nag=true` lets cdk-nag and cdk-preflight check it (`make lint`). `stages` in cdk.json overrides values of a
stage.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT / "infra"), str(ROOT / "lambda_src")]  # this clone's, whatever is installed

from partner_event_relay import PartnerEventRelay, RelayError, from_context


def main() -> None:
    """Write the cloud assembly; exit with every mistake of relay.toml, one on a line."""
    app = cdk.App()
    if app.node.try_get_context("nag"):
        from partner_event_relay import checks  # cdk-nag and cdk-preflight are only installed for development

        checks.apply(app)
    try:
        stage = from_context(app)
        stack = cdk.Stack(
            app,
            stage.stack_name,
            # Retained resources are of no use without the stack that reads them.
            termination_protection=stage.retain,
            description="Receives SaaS webhooks and puts them as Amazon EventBridge partner events.",
        )
        path = ROOT / (app.node.try_get_context("config") or "relay.toml")
        PartnerEventRelay(stack, "Default", config=path, stage=stage)  # this id adds nothing to the logical ids
    except RelayError as error:
        sys.exit(str(error))
    app.synth()


main()

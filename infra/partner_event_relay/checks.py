"""The checks of `make lint` beside cfn-lint. Imported only there: its packages are for development."""

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from cdk_preflight import Preflight


def apply(app: cdk.App) -> None:
    """Let cdk-nag and cdk-preflight check every stack of `app`; a finding makes `cdk synth` fail."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True), ServerlessChecks(app, verbose=True))
    # What CloudFormation would refuse only in the middle of a deployment.
    Preflight.apply(app)

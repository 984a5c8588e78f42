"""The checks of `make lint` are active: what AWS would refuse in the middle of a deployment fails `cdk synth`."""

import ast
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

from partner_event_relay import checks

ROOT = Path(__file__).parents[2]


def findings(tmp_path: Path, environment: dict[str, str]) -> str:
    """Return what the checks of `make lint` say about a stack of one function with this environment.

    cdk-nag always has something to say about such a bare function.
    """
    app = cdk.App(outdir=str(tmp_path))
    checks.apply(app)
    lambda_.CfnFunction(
        cdk.Stack(app, "Stack"),
        "Function",
        code=lambda_.CfnFunction.CodeProperty(zip_file="def handler(event, context): ..."),
        role="arn:aws:iam::111111111111:role/function",
        runtime="python3.13",
        handler="index.handler",
        environment=lambda_.CfnFunction.EnvironmentProperty(variables=environment),
    )
    with pytest.raises(RuntimeError) as stopped:
        app.synth()
    return str(stopped.value)


def test_cdk_nag_fails_the_synth(tmp_path: Path) -> None:
    text = findings(tmp_path, {"NAME": "value"})
    assert "AwsSolutions-L1" in text
    assert "Serverless-LambdaDLQ" in text


def test_an_environment_of_5_kb_is_too_large_for_cdk_preflight(tmp_path: Path) -> None:
    assert "(cdk-preflight)" in findings(tmp_path, {"NAME": "v" * 5000})


def test_a_small_environment_is_not(tmp_path: Path) -> None:
    assert "(cdk-preflight)" not in findings(tmp_path, {"NAME": "value"})


def test_the_app_applies_the_checks() -> None:
    tree = ast.parse((ROOT / "app.py").read_text("utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "checks.apply" in calls

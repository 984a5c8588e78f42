"""`make lint` checks the stages as they are shipped; these tests check a stage with every option at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTEXT = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
REGION = "us-east-1"
OPTIONS = {
    "alarm_email": "ops@acme.example",
    "generate_secrets": True,
    "kms_key_arn": f"arn:aws:kms:{REGION}:333333333333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "domain": "hooks.acme.example",
    "certificate_arn": f"arn:aws:acm:{REGION}:333333333333:certificate/1",
    "truststore": "s3://acme-trust/senders.pem",
}
DOMAIN = {"domain", "certificate_arn", "truststore"}  # which a function URL cannot have


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the project's own Python and Node.js first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command, cwd=ROOT, env=inherited | {"PATH": path} | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("front", ["http", "rest", "url"])
def test_with_every_option_cdk_nag_and_cfn_lint_find_nothing(tmp_path: Path, front: str) -> None:
    without = DOMAIN if front == "url" else set()
    options = {key: value for key, value in OPTIONS.items() if key not in without}
    context = CONTEXT | {
        "stages": {"prod": CONTEXT["stages"]["prod"] | options},
        "config": "tests/infra/everything.toml",
        "front": front,
        "nag": True,
    }
    environment = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(tmp_path), "CDK_VALIDATION": "true"}
    done = run([sys.executable, "app.py"], **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "validation-report.json").read_text("utf-8"))
    # The warnings about relay.toml and the stage are in the report as well.
    violations = {plugin["pluginName"]: plugin["violations"] for plugin in report["pluginReports"]}
    assert {violation["severity"] for violation in violations.pop("Construct Annotations")} == {"warning"}
    assert violations.keys() == {"AwsSolutions", "Serverless"}
    assert not any(violations.values())
    [template] = tmp_path.glob("*.template.json")
    # W3005: the CDK writes that dependency itself.
    lint = run([str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", "W3005", "--", str(template)])
    assert (lint.returncode, lint.stdout) == (0, "")

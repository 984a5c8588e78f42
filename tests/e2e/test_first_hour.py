"""`make first-hour` on the local AWS: killed in the middle of a drill, taken up again, and gone without a trace."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay_local import process
from relay_local.process import PARTNER, ROOT, LocalAws
from relayctl.walk import NOT_SHOWN, PASSED
from tools.first_hour.__main__ import FOLDER
from tools.first_hour.drills import ENDPOINT
from tools.first_hour.steps import STEPS
from tools.first_hour.walk import DESTROY

REGIONS = ["us-east-1", "eu-north-1"]
OTHER = "PartnerEventRelay-dev"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
KINDS = {
    "lambda": ("list_functions", "Functions"),
    "sqs": ("list_queues", "QueueUrls"),
    "s3": ("list_buckets", "Buckets"),
    "secretsmanager": ("list_secrets", "SecretList"),
    "events": ("list_rules", "Rules"),
    "logs": ("describe_log_groups", "logGroups"),
    "cloudformation": ("describe_stacks", "Stacks"),
    "iam": ("list_roles", "Roles"),
}


@pytest.fixture
def local_aws() -> Iterator[LocalAws]:
    with process.run_emulator(region=REGIONS[0]) as local_aws:
        cloudformation = local_aws.client("cloudformation", PARTNER, REGIONS[0])
        cloudformation.create_stack(StackName=OTHER, TemplateBody=TEMPLATE)
        yield local_aws


def first_hour(local_aws: LocalAws, *arguments: str) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tools.first_hour", *arguments],
        cwd=ROOT,
        env=clean | local_aws.environment(PARTNER, REGIONS[0]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until_the_drill_is_on(local_aws: LocalAws, stack: str) -> None:
    client, deadline = local_aws.client("lambda", PARTNER, REGIONS[0]), time.monotonic() + 60
    while time.monotonic() < deadline:
        functions = [one for one in client.list_functions()["Functions"] if one["FunctionName"].startswith(stack)]
        if any(ENDPOINT in one.get("Environment", {}).get("Variables", {}) for one in functions):
            return
        time.sleep(0.05)  # the program is asked from outside, until a deadline
    pytest.fail("the drill did not begin")


def left(local_aws: LocalAws, run: str) -> dict[str, list[str]]:
    found = {}
    for region in REGIONS:
        for service, (operation, key) in KINDS.items():
            listed = getattr(local_aws.client(service, PARTNER, region), operation)().get(key) or []
            if ours := [str(one) for one in listed if f"hour-{run}" in str(one)]:
                found[f"{region} {service}"] = ours
    return found


def test_a_run_that_was_killed_in_a_drill_is_taken_up_passes_and_leaves_nothing(local_aws: LocalAws) -> None:
    with first_hour(local_aws, "--yes", "--regions", *REGIONS) as process:
        assert process.stdout
        told = []
        for line in process.stdout:
            told.append(line)
            if f"{REGIONS[0]} outage:" in line:
                break
        else:
            pytest.fail("".join(told))
        run = next(line.strip() for line in told if "-receiver" in line).split("-hour-")[1].removesuffix("-receiver")
        wait_until_the_drill_is_on(local_aws, f"PartnerEventRelay-hour-{run}")
        process.send_signal(signal.SIGKILL)
    try:
        assert left(local_aws, run)
        with first_hour(local_aws, "--yes", "--resume", run) as again:
            output, _ = again.communicate(timeout=500)
        assert again.returncode == 0, output
        assert f"{REGIONS[0]} deploy-http: {PASSED} before" in output
        results = json.loads((FOLDER / run / "report.json").read_text())["results"]
        assert Counter(result["status"] for result in results) == {
            PASSED: 2 * (len([step for step in STEPS if not step.only_on_aws]) + 1),
            NOT_SHOWN: 2 * len([step for step in STEPS if step.only_on_aws]),
        }
        assert {result["region"] for result in results if result["step"] == DESTROY} == set(REGIONS)
        assert f"# First hour {run}" in (FOLDER / run / "report.md").read_text()
        assert left(local_aws, run) == {}
        stacks = local_aws.client("cloudformation", PARTNER, REGIONS[0]).describe_stacks(StackName=OTHER)["Stacks"]
        assert [stack["StackStatus"] for stack in stacks] == ["CREATE_COMPLETE"]
    finally:
        shutil.rmtree(FOLDER / run, ignore_errors=True)


def test_nothing_is_made_before_somebody_has_agreed(local_aws: LocalAws) -> None:
    before = set(FOLDER.glob("*"))
    with first_hour(local_aws) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Begin? [y/N]" in output
    stacks = local_aws.client("cloudformation", PARTNER, REGIONS[0]).describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks] == [OTHER]
    assert set(Path(FOLDER).glob("*")) == before

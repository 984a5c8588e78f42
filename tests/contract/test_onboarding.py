"""docs/tutorial/onboarding.md, walked through from top to bottom with the installed programs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import process
from local.deploy import CUSTOMER
from local.process import PARTNER, ROOT, LocalAws
from tests.local_bus import REGION

PROFILE = """
[profile {name}]
aws_access_key_id = {account}
aws_secret_access_key = test
endpoint_url = {url}
"""


@pytest.fixture
def empty() -> Iterator[LocalAws]:
    """A local AWS in which nothing exists yet."""
    with process.run_emulator(region=REGION, iam=False) as local_aws:
        yield local_aws


def test_the_onboarding_page_leads_to_a_customers_first_event(empty: LocalAws, tmp_path: Path) -> None:
    sqs = empty.client("sqs", CUSTOMER, REGION)
    url = sqs.create_queue(QueueName="onboarding")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    profiles = tmp_path / "config"
    accounts = {"partner": PARTNER, "customer": CUSTOMER}
    profiles.write_text(
        "".join(PROFILE.format(name=name, account=one, url=empty.url) for name, one in accounts.items())
    )
    steps = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/tutorial/onboarding.md").read_text("utf-8"), re.DOTALL)
    assert len(steps) == 9
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = clean | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "AWS_CONFIG_FILE": str(profiles),
        "AWS_PAGER": "",
        "QUEUE_ARN": arn,
        "QUEUE_URL": url,
    }
    script = "\n".join(f"echo '--- {number}'\n{step}" for number, step in enumerate(steps))
    script = script.replace("/tmp/", f"{tmp_path}/")
    # For SQS this version of the AWS CLI does not look at the profile's endpoint_url.
    script = script.replace("aws sqs ", f"aws --endpoint-url {empty.url} sqs ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.split(r"--- \d\n", done.stdout)[1:]
    assert told[0] == "relay.toml: 4 routes, no mistakes\n"
    assert "aws.partner/acme.example/c42/orders" in told[1]
    assert told[2].startswith("arn:aws:events:us-east-1::event-source/")
    assert "PENDING" in told[3]
    assert told[3].endswith("not active yet\n")
    assert "ACTIVE" in told[5]
    assert json.loads(told[6])["FailedEntryCount"] == 0
    [message] = json.loads(told[7])["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["detail"]["number"], event["account"]) == ("order.created", 1001, CUSTOMER)

"""The AWS CLI's commands of docs/how-to/operations.md and the README, as written, against the deployed stack."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from relay_local import process
from relay_local.process import PARTNER, ROOT, LocalAws
from tests.e2e.conftest import Relay

REGION = "us-east-1"
OPERATIONS = (ROOT / "docs/how-to/operations.md").read_text("utf-8")
COMMANDS = re.findall(r"^ *(aws sqs .*)$", OPERATIONS, re.MULTILINE)


def run(command: str, local_aws: LocalAws, **variables: str) -> dict[str, Any]:
    """One command of a page; the AWS CLI is told nothing but where AWS is."""
    # This version does not look at AWS_ENDPOINT_URL for SQS.
    where = f"{Path(sys.executable).with_name('aws')} --endpoint-url {local_aws.url} --output json "
    environment = {"PATH": os.environ["PATH"], **local_aws.environment(PARTNER, REGION), **variables}
    done = subprocess.run(
        ["bash", "-euc", command.replace("aws ", where, 1)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    return answer


def test_a_dead_letter_is_looked_at_and_sent_back(relay: Relay) -> None:
    look, redrive = COMMANDS
    sample, outputs = relay.sample("/github"), relay.session.stack.outputs
    with relay.without("events:PutPartnerEvents"):
        assert relay.post("/github", sample.body, sample.signed()).json()["dead_lettered"] == 1
    url = outputs["DeadLetterQueueUrl"]
    # Not hidden for its minute: the redrive comes at once.
    look = look.replace("--visibility-timeout 60", "--visibility-timeout 0")
    [message] = run(look, relay.session.aws, DEAD_LETTER_QUEUE_URL=url)["Messages"]
    assert {name: one["StringValue"] for name, one in message["MessageAttributes"].items()} == {
        "Route": "github",
        "ErrorCode": "AccessDeniedException",
        "Source": sample.sources[0],
    }
    assert json.loads(message["Body"])["entry"]["Detail"] == sample.body.decode()
    arns = {"DEAD_LETTER_QUEUE_ARN": outputs["DeadLetterQueueArn"], "RETRY_QUEUE_ARN": outputs["RetryQueueArn"]}
    assert run(redrive, relay.session.aws, **arns)["TaskHandle"]
    [event] = relay.received_within(60, 1)
    assert event["detail"] == json.loads(sample.body)


def test_a_secret_is_stored() -> None:
    [store] = re.findall(r"`(aws secretsmanager create-secret .*)`", (ROOT / "README.md").read_text("utf-8"))
    with process.run_emulator(region=REGION, iam=False) as local_aws:
        run(store, local_aws)
        stored = local_aws.client("secretsmanager", PARTNER, REGION).get_secret_value(SecretId="acme/orders")
    assert stored["SecretString"] == "whsec_…"

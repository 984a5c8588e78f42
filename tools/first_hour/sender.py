"""The senders of the afternoon: a function that sends an open load, and a queue that counts what has arrived.

The queue receives only the number of each webhook: a rule on the default bus cuts it out of the event.
"""

import base64
import io
import json
import math
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from tools.first_hour import run as runs
from tools.first_hour.place import ROOT, Place
from tools.first_hour.receiver import policy, queue_of_events
from tools.first_hour.relay import Relay
from tools.first_hour.run import Run
from tools.load import webhooks
from tools.load.ledger import Tally

RATE = 250
"""Webhooks a second of one sender: a processor sends about three times as many."""
LEAD_SECONDS = {False: 15, True: 1}  # on the local AWS
TIMEOUT = 900
RECEIVERS = 16
IDLE_SECONDS = {False: 60, True: 5}  # likewise
MODULES = ("aws_sender", "connections", "generator", "ledger", "measured", "schedule", "webhooks")
FILES = (
    "tools/__init__.py",
    "tools/load/__init__.py",
    *(f"tools/load/{name}.py" for name in MODULES),
    "bench/__init__.py",
    "bench/events.py",
    "relay_local/samples/github-push.json",
)


def template(run: Run) -> dict[str, Any]:
    """Return the CloudFormation template of the queue, the rule and the function, whose code comes afterwards."""
    assume = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    log = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    return {
        "Description": f"Sends and counts the webhooks of the afternoon {run.id}; delete it with the other stack.",
        "Resources": {
            **queue_of_events(run, InputPath="$.detail.load_id"),
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": policy(assume),
                    "Policies": [{"PolicyName": "log", "PolicyDocument": policy(log)}],
                },
            },
            "Sender": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Architectures": ["arm64"],
                    "Handler": "tools.load.aws_sender.handler",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "MemorySize": 1769,
                    "Timeout": TIMEOUT,
                    "Code": {"ZipFile": "# its code comes when the stack is there"},
                },
            },
        },
        "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}}, "Sender": {"Value": {"Ref": "Sender"}}},
    }


def package() -> bytes:
    """Return the function's zip: modules of this repository, which need nothing but Python."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.write(ROOT / name, name)
    return content.getvalue()


def create(place: Place) -> None:
    """Create the stack, unless it is there, and give the function its code. Raise NotOursError, WaiterError."""
    place.create_stack(runs.SENDER, template(place.run))
    client, function = place.client("lambda"), place.outputs(runs.SENDER)["Sender"]
    client.update_function_code(FunctionName=function, ZipFile=package())
    client.get_waiter("function_updated_v2").wait(FunctionName=function)


@dataclass
class Sent:
    """What all senders have seen together; seconds are kept with three digits."""

    answers: Counter[str] = field(default_factory=Counter)
    latency: Counter[float] = field(default_factory=Counter)
    lateness: Counter[float] = field(default_factory=Counter)
    acknowledged: Tally = field(default_factory=Tally)

    def take(self, seen: dict[str, Any], first: int) -> None:
        """Take what one sender has returned."""
        self.answers.update(seen["answers"])
        self.latency.update({float(seconds): number for seconds, number in seen["latency"].items()})
        self.lateness.update({float(seconds): number for seconds, number in seen["lateness"].items()})
        acknowledged = zlib.decompress(base64.b64decode(seen["acknowledged"]))
        self.acknowledged.merge(Tally(bytes(first) + acknowledged))

    @property
    def webhooks(self) -> int:
        """Return how many were sent."""
        return self.answers.total()

    @property
    def accepted(self) -> int:
        """Return how many were answered 202."""
        return self.answers["202"]


def percentile(counts: Counter[float], percentile: float) -> float:
    """Return the smallest of the counted seconds that so many per cent do not exceed; 0 if there is none."""
    rank, below = math.ceil(percentile / 100 * counts.total()), 0
    for seconds in sorted(counts):
        below += counts[seconds]
        if below >= rank:
            return seconds
    return 0.0


def plan(rate: float, seconds: float, first: int) -> Iterator[dict[str, Any]]:
    """Yield the events of as many senders as a rate needs. None of their webhooks has the number of another's."""
    senders = math.ceil(rate / RATE)
    each = rate / senders
    room = math.ceil(each * seconds + 10 * math.sqrt(each * seconds) + 10)  # a Poisson process sends more, or fewer
    for number in range(senders):
        of_its_own = {"rate": each, "first": first + number * room, "seed": number}
        yield {**of_its_own, "seconds": seconds, "connections": math.ceil(each / 5)}


def burst(webhooks_at_once: int, first: int) -> list[dict[str, Any]]:
    """Return the event of one sender that sends so many at the same instant."""
    return [
        {"times": [0.0] * webhooks_at_once, "seconds": 1, "first": first, "seed": 0, "connections": webhooks_at_once}
    ]


def send(place: Place, events: Iterable[dict[str, Any]]) -> Sent:
    """Let senders send to the run's relay, and return what they have seen."""
    relay = Relay(place, runs.LOAD)
    return send_to(place, relay.url + webhooks.PATH, relay.secret("github"), events)


def send_to(place: Place, url: str, secret: str, events: Iterable[dict[str, Any]]) -> Sent:
    """Let senders send to a URL, all from the same instant on, and return what they have seen."""
    config = Config(read_timeout=TIMEOUT + 10, retries={"total_max_attempts": 1}, max_pool_connections=100)
    client = boto3.client("lambda", region_name=place.region, config=config)
    function = place.outputs(runs.SENDER)["Sender"]
    common = {"url": url, "secret": secret, "at": time.time() + LEAD_SECONDS[place.run.local]}
    waiting, sent = list(events), Sent()

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event | common))
        seen: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(f"a sender failed: {seen}")
        return seen

    with ThreadPoolExecutor(len(waiting)) as threads:
        for event, seen in zip(waiting, threads.map(invoke, waiting), strict=True):
            sent.take(seen, event["first"])
    return sent


def receive(place: Place, arrived: Tally, idle: float = 0) -> None:
    """Count what is in the queue, until nothing more comes for `idle` seconds."""
    url, idle = place.outputs(runs.SENDER)["QueueUrl"], idle or IDLE_SECONDS[place.run.local]

    def take() -> Tally:
        sqs, seen, until = place.client("sqs"), Tally(), time.monotonic() + idle
        while time.monotonic() < until:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages")
            if messages:
                for message in messages:
                    seen.add(int(json.loads(message["Body"])))
                handles = ({"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages))
                sqs.delete_message_batch(QueueUrl=url, Entries=list(handles))
                until = time.monotonic() + idle
        return seen

    with ThreadPoolExecutor(RECEIVERS) as threads:
        for each in [threads.submit(take) for _ in range(RECEIVERS)]:
            arrived.merge(each.result())

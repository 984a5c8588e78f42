"""The customer's account in one Region, as the customer sees it: sources, buses, and a queue where events arrive."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from relayctl.aws import Account
from relayctl.rehearsal.naming import PREFIX, is_of_rehearsal
from relayctl.walk import until

RULE, TARGET = "rehearsal", "queue"
GONE = {"ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


class CustomerAccount:
    """The account that plays the customer. `name` is that of the queue, which is made when the first bus is."""

    def __init__(self, account: Account, name: str) -> None:
        self.id = str(account.client("sts").get_caller_identity()["Account"])
        self._events = account.client("events")
        self._sqs = account.client("sqs")
        self._name = name
        self._queue_url = ""
        self._received: list[dict[str, Any]] = []

    def source(self, name: str) -> Mapping[str, Any] | None:
        """Return a partner event source as the customer sees it, None if there is none. Raise the SDK's errors."""
        try:
            found: Mapping[str, Any] = self._events.describe_event_source(Name=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return None
            raise
        return found

    def state(self, name: str) -> str:
        """Return the state of a source, `NONEXISTENT` if there is none. Raise the SDK's errors."""
        return str((self.source(name) or {"State": "NONEXISTENT"})["State"])

    def attach(self, source: str) -> None:
        """Attach a bus to a source, with a rule that sends everything to the queue. Raise the SDK's errors."""
        self._events.create_event_bus(Name=source, EventSourceName=source)
        rule = self._events.put_rule(
            Name=RULE, EventBusName=source, EventPattern=json.dumps({"source": [source]}), State="ENABLED"
        )["RuleArn"]
        target = {"Id": TARGET, "Arn": self._queue(rule)}
        self._events.put_targets(Rule=RULE, EventBusName=source, Targets=[target])

    def detach(self, source: str) -> None:
        """Delete the bus of a source, and its rule before it; what is not there is no error. Raise the SDK's others."""
        _unless_gone(partial(self._events.remove_targets, Rule=RULE, EventBusName=source, Ids=[TARGET]))
        _unless_gone(partial(self._events.delete_rule, Name=RULE, EventBusName=source))
        _unless_gone(partial(self._events.delete_event_bus, Name=source))

    def deactivate(self, source: str) -> None:
        """Deactivate a source, whose bus stays. Raise the SDK's errors."""
        self._events.deactivate_event_source(Name=source)

    def events(self, source: str) -> list[dict[str, Any]]:
        """Return the events that have arrived from a source, by now."""
        self._received += self._take()
        return [event for event in self._received if event["source"] == source]

    def arrived(self, source: str, ids: Collection[str], seconds: float) -> float | None:
        """Wait for the events with these ids; return how long it took, or None if they did not come in time."""
        return until(lambda: set(ids) <= {event["id"] for event in self.events(source)}, seconds)

    def clean_up(self, partner: str, run: str) -> list[str]:
        """Delete the buses and queues of a run, or of all; return their names. Raise the SDK's errors."""
        names = [bus["Name"] for bus in self._buses(f"{partner}/{PREFIX}{run}")]
        buses = [name for name in names if is_of_rehearsal(name.removeprefix(f"{partner}/"), run)]
        for bus in buses:
            self.detach(bus)
        urls = self._sqs.list_queues(QueueNamePrefix=f"{PREFIX}{run}").get("QueueUrls", [])
        queues = {name: url for url in urls if is_of_rehearsal(name := url.rpartition("/")[2], run)}
        for url in queues.values():
            _unless_gone(partial(self._sqs.delete_queue, QueueUrl=url))
        return [*buses, *queues]

    def _buses(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._events.list_event_buses(NamePrefix=prefix, **token)
            yield from page["EventBuses"]
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def _queue(self, rule: str) -> str:
        """Return the ARN of the queue, into which the rules of this account and Region with the same name may write."""
        if not self._queue_url:
            self._queue_url = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])
        arn = str(attributes["Attributes"]["QueueArn"])
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": f"{rule.partition('rule/')[0]}rule/*/{RULE}"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue_url, Attributes={"Policy": policy})
        return arn

    def _take(self) -> Iterator[dict[str, Any]]:
        while self._queue_url:
            messages = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])
            if not messages:
                return


def _unless_gone(delete: Callable[[], object]) -> None:
    try:
        delete()
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise

"""The deployed relay of one front, as its sender and its customer see it."""

import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from relay_local.samples import SIGNERS
from relayctl.walk import UnexpectedError, until
from tools.first_hour import run as runs
from tools.first_hour.place import Place, ssl_context


@dataclass
class Customer:
    """The queue of the run's receiver: the events that a rule on the default bus has put there, by their mark."""

    place: Place
    queue_url: str
    events: dict[str, dict[str, Any]] = field(default_factory=dict)

    def look(self) -> None:
        """Take what is in the queue."""
        sqs = self.place.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                mark = event["detail"].get("mark") or event["detail"].get("claim", {}).get("sha256", "")
                self.events[mark] = event
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def has(self, marks: Iterable[str]) -> bool:
        """Look; return whether every mark has arrived by now."""
        self.look()
        return set(marks) <= self.events.keys()

    def arrived(self, marks: Iterable[str], seconds: float = 90) -> float:
        """Wait for the events with these marks; return how long it took. Raise UnexpectedError."""
        wanted = set(marks)
        took = until(lambda: self.has(wanted), seconds)
        if took is None:
            missing = len(wanted - self.events.keys())
            raise UnexpectedError(f"{missing} of {len(wanted)} events did not arrive within {seconds:.0f} s")
        return took


@dataclass(frozen=True)
class Answer:
    """One webhook, the mark in it, and what the relay answered."""

    mark: str
    body: bytes
    status: int
    document: dict[str, Any]

    def error_codes(self) -> str:
        """Return why entries were not taken, each reason once."""
        codes = {entry["error_code"] for entry in self.document.get("entries", []) if "error_code" in entry}
        return ", ".join(sorted(codes)) or "none"


class Relay:
    """One front. `secrets` are those that the stack has made."""

    def __init__(self, place: Place, front: str) -> None:
        self.place, self.front = place, front
        self.outputs = place.outputs(front)
        self.url = _url(self.outputs)
        self._secrets: dict[str, str] = {}
        self._http = httpx.Client(verify=ssl_context(), timeout=60)

    def post(self, route: str = "orders", size: int = 0, text: str = "") -> Answer:
        """Sign a webhook with a mark of its own as the sender would, and post it."""
        mark = uuid.uuid4().hex
        body = json.dumps({"type": "first-hour.check", "mark": mark, "text": text, "filler": "x" * size}).encode()
        return self._send(route, mark, body, self.signed(route, body))

    def post_unsigned(self, route: str) -> Answer:
        """Post a webhook whose signature is another body's."""
        return self._send(route, "", b'{"type":"forged"}', self.signed(route, b"{}"))

    def get(self, path: str) -> httpx.Response:
        """Ask the API for a path, without anything that proves a sender."""
        return self._http.get(self.url + path)

    def signed(self, route: str, body: bytes) -> dict[str, str]:
        """Return the headers with which the sender of a route posts `body` now."""
        sender = "github" if route == "github" else "standard-webhooks"
        named = {"x-github-event": "push", "x-github-delivery": str(uuid.uuid4())} if sender == "github" else {}
        return {"content-type": "application/json", **named, **SIGNERS[sender](self.secret(route), body)}

    def secret(self, route: str) -> str:
        """Return the secret of a route."""
        if route not in self._secrets:
            name = self.place.run.secret_name(self.front, route)
            manager = self.place.client("secretsmanager")
            self._secrets[route] = manager.get_secret_value(SecretId=name)["SecretString"]
        return self._secrets[route]

    def _send(self, route: str, mark: str, body: bytes, headers: dict[str, str]) -> Answer:
        response = self._http.post(f"{self.url}/{route}", content=body, headers=headers)
        try:
            document = response.json()
        except ValueError:
            document = {}
        return Answer(mark, body, response.status_code, document)

    def function(self, name: str) -> str:
        """Return the name of the function whose construct is `name`: Ingest or Redeliver."""
        return self.place.resource(self.front, "AWS::Lambda::Function", name)

    def role(self, name: str) -> str:
        """Return the name of that function's role."""
        return self.place.resource(self.front, "AWS::IAM::Role", f"{name}Role")

    def waiting(self) -> int:
        """Return about how many messages are in the retry queue, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.place.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs["RetryQueueUrl"], AttributeNames=names
        )["Attributes"]
        return sum(int(attributes[name]) for name in names)


def _url(outputs: dict[str, str]) -> str:
    if local := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{local.rstrip('/')}/_aws/execute-api/{outputs['ApiId']}/{outputs['ApiStage']}"
    return outputs["ApiUrl"].rstrip("/")


def customer(place: Place) -> Customer:
    """Return the run's receiver in this Region."""
    return Customer(place, place.outputs(runs.RECEIVER)["QueueUrl"])

"""The relay with customers' destinations on the local AWS, its functions called as AWS calls them."""

import json
from typing import Any

from relay.bootstrap_destinations import control_services, control_settings
from relay.config.model import Config
from relay.control.service import Control
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER
from tests.destination_handlers import control_api, reconciler, releaser
from tests.doubles import Context
from tests.local_bus import REGION, Functions
from tests.unit.control.gateway import event


class Lambda(Context):
    """A function with five minutes left."""

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left at the start of an invocation."""
        return 300_000


class Deployed:
    """The functions of a relay whose queues and buckets have `name` in theirs (see tests/local_bus.py)."""

    def __init__(self, relay: Functions, config: Config, name: str) -> None:
        self.relay = relay
        self._name = name
        self._control = control_api.create_handler(Control(control_services(config), control_settings(config)))
        self._reconciler = reconciler.create_handler(config)
        self._releaser = releaser.create_handler(config)
        self._sqs = relay.bus.client("sqs", PARTNER, REGION)

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of a request to the control API."""
        text = None if body is None else json.dumps(body)
        answer = self._control(event(method, f"/v1/customers/{path}", text, "", {}), Lambda())  # type: ignore[arg-type]
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None

    def connect(self, customer: str) -> str:
        """Create a destination and return the name of its source."""
        wanted = {"aws_account_id": CUSTOMER, "aws_region": REGION}
        status, body = self.request("PUT", f"{customer}/destinations/prod", wanted)
        assert status == 201, body
        return str(body["source"])

    def show(self, customer: str) -> Any:
        """Return the destination as the API answers it."""
        return self.request("GET", f"{customer}/destinations/prod")[1]

    def set_state(self, customer: str, **values: str) -> None:
        """Write attributes of what is known of a destination's source, as if time had passed."""
        self.relay.bus.client("dynamodb", PARTNER, REGION).update_item(
            TableName=f"{self._name}-destinations",
            Key={"pk": {"S": f"customer#{customer}"}, "sk": {"S": "status#prod"}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
            ExpressionAttributeValues={f":{name}": {"S": value} for name, value in values.items()},
        )

    def reconcile(self) -> None:
        """Run the reconciler, as its schedule does."""
        self._reconciler({}, Lambda())  # type: ignore[arg-type]

    def release(self) -> None:
        """Run the releaser for each message that waits."""
        url = self._queue_url
        for _ in range(10):
            messages = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages")
            if not messages:
                return
            [message] = messages
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
            }
            answer = self._releaser({"Records": [record]}, Lambda())  # type: ignore[arg-type]
            assert answer == {"batchItemFailures": []}
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        raise AssertionError("the queue does not become empty")

    @property
    def _queue_url(self) -> str:
        return str(self._sqs.get_queue_url(QueueName=f"{self._name}-release.fifo")["QueueUrl"])

    def post(self, customer: str, *types: str) -> Any:
        """Post a webhook with an event of each type."""
        events = [{"customer": customer, "type": each} for each in types]
        answer = self.relay.restarted().post("/orders", json.dumps({"events": events}).encode())
        assert answer["statusCode"] == 202, answer
        return answer["body"]

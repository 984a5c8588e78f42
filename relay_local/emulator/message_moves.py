"""A dead-letter queue's redrive, which the emulator lacks: StartMessageMoveTask and ListMessageMoveTasks, done at once.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import json
import time
import uuid
from typing import Any


class MessageMoves:
    """The two operations, on the queues of the emulator's SQS module."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self._tasks: list[dict[str, Any]] = []

    def start_message_move_task(self, data: dict[str, Any], _url: str) -> dict[str, str]:
        """Move the messages. Each gets a new id, is sent now and has not been received; its attributes stay."""
        source = self._queue(data["SourceArn"], "SourceArn")
        if not any(self._is_dead_letter_queue_of(queue, data["SourceArn"]) for queue in self._sqs._queues.values()):
            raise self._sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        destination = self._queue(data["DestinationArn"], "DestinationArn") if data.get("DestinationArn") else None
        waiting, task = list(source["messages"]), self._task(data, len(source["messages"]))
        for message in waiting:
            # Only what SQS itself has dead-lettered knows where it came from.
            origin = message["sys"].get("DeadLetterQueueSourceArn")
            target = destination or (self._sqs._queue_by_arn(origin) if origin else None)
            if target is None:
                task |= {"Status": "FAILED", "FailureReason": "CouldNotDetermineMessageSource"}
                break
            source["messages"].remove(message)
            target["messages"].append(self._moved(message))
            task["ApproximateNumberOfMessagesMoved"] += 1
        self._sqs.esm_wake.set()
        return {"TaskHandle": task["TaskHandle"]}

    def list_message_move_tasks(self, data: dict[str, Any], _url: str) -> dict[str, list[dict[str, Any]]]:
        """Return the newest tasks first: one, unless the request asks for more."""
        tasks = [task for task in reversed(self._tasks) if task["SourceArn"] == data["SourceArn"]]
        return {"Results": tasks[: data.get("MaxResults", 1)]}

    def _task(self, data: dict[str, Any], messages: int) -> dict[str, Any]:
        task = {
            "TaskHandle": uuid.uuid4().hex,
            "Status": "COMPLETED",
            "SourceArn": data["SourceArn"],
            "ApproximateNumberOfMessagesMoved": 0,
            "ApproximateNumberOfMessagesToMove": messages,
            "StartedTimestamp": int(time.time() * 1000),
        }
        task |= {"DestinationArn": data["DestinationArn"]} if data.get("DestinationArn") else {}
        self._tasks.append(task)
        return task

    def _queue(self, arn: str, parameter: str) -> Any:
        queue = self._sqs._queue_by_arn(arn)
        if queue is None:
            raise self._sqs._Err("ResourceNotFoundException", f"The resource that you specified for the {parameter}")
        return queue

    def _is_dead_letter_queue_of(self, queue: dict[str, Any], arn: str) -> bool:
        policy = queue["attributes"].get("RedrivePolicy")
        return bool(policy) and json.loads(policy).get("deadLetterTargetArn") == arn

    def _moved(self, message: dict[str, Any]) -> dict[str, Any]:
        now = time.time()
        again = {"id": str(uuid.uuid4()), "sent_at": now, "visible_at": now, "receive_count": 0}
        stamped = {"SentTimestamp": str(int(now * 1000))}
        attributes = {name: value for name, value in message["sys"].items() if name != "DeadLetterQueueSourceArn"}
        return message | again | {"receipt_handle": None, "first_receive_at": None, "sys": attributes | stamped}

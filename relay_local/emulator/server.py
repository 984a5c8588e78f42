"""The emulator's process: ministack with the partner operations, and Python functions run by AWS's runtime client.

`python -m relay_local.emulator.server` in the environment of ministack; what it needs comes in environment variables.
It ends when its standard input does, and takes every function it started with it.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.core import lambda_runtime, responses
from ministack.services import cloudwatch_logs, eventbridge, sqs
from ministack.services.cloudformation import provisioners

from relay_local.emulator import corrections, customer_stack, faults, insights, log_targets
from relay_local.emulator.delivery_log import DeliveryLog
from relay_local.emulator.message_moves import MessageMoves
from relay_local.emulator.partner_operations import FAULT, PartnerOperations

FAULTY = (b"AWSEvents.PutPartnerEvents", b"AWSEvents.PutEvents")
FAULTS_PATH = "/_partner_bus/faults"
DELIVERY_LOG_PATH = "/_partner_bus/delivery-log"
RUNTIME_PYTHON = "RELAY_RUNTIME_PYTHON"
HOME = "RELAY_EMULATOR_HOME"
LOG_LINES = 10_000  # of each function

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class CutError(Exception):
    """Raised in the middle of an answer: the server closes the connection."""


def main() -> None:
    """Serve until standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    operations = PartnerOperations(eventbridge, responses, iam=ministack.AUTH)
    moves = MessageMoves(sqs)
    delivery_log = DeliveryLog()
    sqs._HANDLERS["StartMessageMoveTask"] = moves.start_message_move_task
    sqs._HANDLERS["ListMessageMoveTasks"] = moves.list_message_move_tasks
    _run_functions_with_awslambdaric()
    corrections.apply()
    _keep_log_lines(delivery_log)
    handlers = provisioners._RESOURCE_HANDLERS
    handlers.update(
        customer_stack.provisioners(eventbridge, cloudwatch_logs, handlers["AWS::Events::EventBus"]["update"])
    )
    log_targets.write_events_as_aws_does(eventbridge, cloudwatch_logs)
    handlers.update(insights.provisioners(lambda: set(cloudwatch_logs._log_groups)))
    ministack._port_is_bindable = lambda *_: False  # it would serve 443 as well
    emulator = ministack.app

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == FAULTS_PATH:
            await _faults(operations, scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == DELIVERY_LOG_PATH:
            after = int(scope["query_string"].decode().partition("after=")[2] or 0)
            await _answer(send, 200, json.dumps(delivery_log.since(after)))
        elif scope["type"] == "http" and any((b"x-amz-target", name) in scope["headers"] for name in FAULTY):
            await _with_fault(emulator, operations, scope, receive, send)
        else:
            await emulator(scope, receive, send)

    ministack.app = app
    sys.argv = ["ministack"]
    ministack.main()


async def _faults(operations: PartnerOperations, scope: Message, receive: Receive, send: Send) -> None:
    status, answer = 200, ""
    if scope["method"] == "PUT":
        try:
            operations.faults.replace(faults.parse(json.loads(await _body(receive))))
        except (ValueError, TypeError) as error:
            status, answer = 400, str(error)
    await _answer(send, status, answer or f"{len(operations.faults.waiting)} faults in force\n")


async def _with_fault(app: Any, operations: PartnerOperations, scope: Message, receive: Receive, send: Send) -> None:
    fault = operations.faults.next(_region(scope))
    FAULT.set(fault)
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.cut == "before":
        await _cut(send)
    if fault.status:
        code = fault.error_code or "InternalException"
        await _answer(send, fault.status, json.dumps({"__type": code, "message": fault.error_message}))
    elif fault.garbage:
        await _answer(send, 200, fault.garbage, fault.content_type)
    elif fault.cut == "after":
        await app(scope, receive, _discard)
        await _cut(send)
    else:
        await app(scope, receive, send)


def _region(scope: Message) -> str:
    """Return the Region of the credential scope that a request is signed for."""
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    credential = authorization.partition("Credential=")[2].split("/")
    return credential[2] if len(credential) > 2 else ""  # noqa: PLR2004 - key, date, Region


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


JSON = "application/x-amz-json-1.1"


async def _answer(send: Send, status: int, text: str, content_type: str = JSON) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(text.encode())).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def _cut(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
    raise CutError


async def _discard(_: Message) -> None:
    """Drop the response: the request was processed, and its response is lost on the way."""


def _run_functions_with_awslambdaric() -> None:
    runtime, worker = os.environ[RUNTIME_PYTHON], Path(__file__).with_name("lambda_worker.py").read_text("utf-8")
    detect = lambda_runtime._detect_runtime_binary

    def detect_runtime_binary(name: str) -> tuple[str, str]:
        return (runtime, worker) if name.startswith("python") else detect(name)

    lambda_runtime._detect_runtime_binary = detect_runtime_binary


def _keep_log_lines(delivery_log: DeliveryLog) -> None:
    """Keep the last lines of each log stream: the emulator keeps all, which has no end under `make run`."""
    append = cloudwatch_logs._append_log_events

    def append_log_events(stream: dict[str, Any], events: list[Any]) -> None:
        append(stream, events)
        delivery_log.take(events)
        with cloudwatch_logs._log_events_lock:
            del stream["events"][:-LOG_LINES]

    cloudwatch_logs._append_log_events = append_log_events


def _end_with_parent() -> None:
    while sys.stdin.read(1):
        pass
    shutil.rmtree(os.environ[HOME], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

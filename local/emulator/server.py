"""The emulator's process: ministack with the partner operations, and Python functions run by AWS's runtime client.

`python -m local.emulator.server` in ministack's own environment; everything it needs comes in environment variables.
It ends when its standard input does, and takes every function it started with it.
"""

import asyncio
import base64
import gzip
import inspect
import json
import os
import shutil
import signal
import string
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions, lambda_runtime, responses, sigv4
from ministack.services import apigateway, cloudwatch_logs, eventbridge, firehose, lambda_svc, secretsmanager, sqs
from ministack.services.cloudformation import provisioners

from local.emulator import faults, insights
from local.emulator.delivery_log import DeliveryLog
from local.emulator.http_api_iam import HttpApiIam
from local.emulator.message_moves import MessageMoves
from local.emulator.partner_operations import FAULT, PartnerOperations

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
    _authorize_sqs_batches_as_aws_does()
    _authorize_partner_sources_as_aws_does()
    _authorize_http_apis_as_aws_does()
    _run_fifo_groups_side_by_side_as_aws_does()
    _keep_versions_of_secrets_as_aws_does()
    _generate_secrets_as_aws_does()
    _name_requests_as_aws_does()
    _keep_log_lines(delivery_log)
    provisioners._RESOURCE_HANDLERS.update(insights.provisioners(lambda: set(cloudwatch_logs._log_groups)))
    _compress_what_firehose_writes()
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


def _authorize_sqs_batches_as_aws_does() -> None:
    """Require the permission of the single operation for a batch, as AWS does; the emulator requires one of its own.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    extract = iam_actions.extract_iam_action

    def extract_iam_action(*arguments: Any, **named: Any) -> str | None:
        action: str | None = extract(*arguments, **named)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = extract_iam_action


def _authorize_partner_sources_as_aws_does() -> None:
    """Authorize the operations on one source for that source; to the emulator their resource is a rule, or none.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    """
    extract = iam_actions.extract_resource_arn
    named = {"ListPartnerEventSourceAccounts": "EventSourceName"} | dict.fromkeys(
        ("CreatePartnerEventSource", "DeletePartnerEventSource", "DescribePartnerEventSource"), "Name"
    )

    def extract_resource_arn(*arguments: Any, **named_arguments: Any) -> str:
        call = inspect.signature(extract).bind(*arguments, **named_arguments).arguments
        operation = call["headers"].get("x-amz-target", "").removeprefix("AWSEvents.")
        if operation in named:
            return f"arn:aws:events:{call['region']}::event-source/{json.loads(call['body'])[named[operation]]}"
        arn: str = extract(*arguments, **named_arguments)
        return arn

    iam_actions.extract_resource_arn = extract_resource_arn


def _authorize_http_apis_as_aws_does() -> None:
    """Let through to a route with IAM authorization only whom AWS would; without IAM nobody is anybody."""
    if ministack.AUTH:
        iam = HttpApiIam(
            ministack._enforce_execute_api, apigateway, sigv4.parse_header_signature, responses.get_account_id
        )
        ministack._enforce_execute_api = iam.enforce


def _run_fifo_groups_side_by_side_as_aws_does() -> None:
    """Let a FIFO queue's groups run at once if a batch is one message; to the emulator they are one after another.

    It does so because its batches span groups: one message cannot. A group with a message in flight gets no other.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    concurrency = lambda_svc._sqs_esm_concurrency

    def sqs_esm_concurrency(mapping: dict[str, Any], function: Any, config: Any, queue: Any = None) -> int:
        limit: int = concurrency(mapping, function, config, None if mapping.get("BatchSize") == 1 else queue)
        return limit

    lambda_svc._sqs_esm_concurrency = sqs_esm_concurrency


def _keep_versions_of_secrets_as_aws_does() -> None:
    """Ignore PutSecretValue with a known token and the same value, refuse another value; the emulator replaces it.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    """
    put = secretsmanager._put_secret_value

    def put_secret_value(data: dict[str, Any]) -> Any:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        version_id = data.get("ClientRequestToken")
        version = secret and secret["Versions"].get(version_id)
        if not version:
            return put(data)
        if any(version.get(name) != data.get(name) for name in ("SecretString", "SecretBinary")):
            message = "You can't modify a version of a secret."
            return responses.error_response_json("ResourceExistsException", message, 400)
        answer = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version_id}
        return responses.json_response(answer | {"VersionStages": version["Stages"]})

    secretsmanager._put_secret_value = put_secret_value


def _generate_secrets_as_aws_does() -> None:
    """Leave punctuation out of the secrets that a stack makes, if it says so; the emulator does not look at that.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html
    """
    generate = provisioners._sm_secret_string

    def secret_string(properties: dict[str, Any]) -> str:
        settings = dict(properties.get("GenerateSecretString") or {})
        if settings.get("ExcludePunctuation"):
            settings["ExcludeCharacters"] = settings.get("ExcludeCharacters", "") + string.punctuation
        secret: str = generate(properties | ({"GenerateSecretString": settings} if settings else {}))
        return secret

    provisioners._sm_secret_string = secret_string


def _name_requests_as_aws_does() -> None:
    """Answer with the request id that the function got; the emulator makes up another for the answer.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
    """
    handle, new_uuid = apigateway.handle_execute, apigateway.new_uuid
    request_id: ContextVar[str] = ContextVar("request_id")

    async def handle_execute(*arguments: Any, **named: Any) -> Any:
        request_id.set(base64.b64encode(os.urandom(11)).decode())
        status, headers, body = await handle(*arguments, **named)
        return status, headers | {"apigw-requestid": request_id.get()}, body

    apigateway.handle_execute = handle_execute
    apigateway.new_uuid = lambda: request_id.get(None) or new_uuid()


def _compress_what_firehose_writes() -> None:
    """Write compressed objects where a delivery stream says so; the emulator writes each record at once, as it came.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
    """
    deliver = firehose._deliver_to_s3

    def deliver_to_s3(stream: dict[str, Any], destination: dict[str, Any], data: bytes, *more: Any) -> Any:
        if destination["config"].get("CompressionFormat") == "GZIP":
            extension = destination["config"].get("FileExtension") or ".gz"
            destination = {**destination, "config": {**destination["config"], "FileExtension": extension}}
            data = gzip.compress(data, mtime=0)
        return deliver(stream, destination, data, *more)

    firehose._deliver_to_s3 = deliver_to_s3


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

"""What AWS does otherwise than the emulator, as replacements of the emulator's own functions."""

import base64
import gzip
import inspect
import json
import os
import string
from contextvars import ContextVar
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions, responses, sigv4
from ministack.services import apigateway, firehose, lambda_svc, secretsmanager
from ministack.services.cloudformation import provisioners

from relay_local.emulator import content_encoding, fair_queues
from relay_local.emulator.http_api_iam import HttpApiIam


def apply() -> None:
    """Replace them, before the emulator serves."""
    authorize_sqs_batches_as_aws_does()
    authorize_partner_sources_as_aws_does()
    authorize_http_apis_as_aws_does()
    serve_default_stages_as_aws_does()
    run_fifo_groups_side_by_side_as_aws_does()
    fair_queues.deliver_quiet_groups_first()
    keep_versions_of_secrets_as_aws_does()
    generate_secrets_as_aws_does()
    refer_to_secrets_by_arn_as_aws_does()
    name_requests_as_aws_does()
    compress_what_firehose_writes()
    content_encoding.pass_encoded_bodies_as_base64()
    content_encoding.decode_as_rest_apis_do()


def authorize_sqs_batches_as_aws_does() -> None:
    """Require the permission of the single operation for a batch, as AWS does; the emulator requires one of its own.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    extract = iam_actions.extract_iam_action

    def extract_iam_action(*arguments: Any, **named: Any) -> str | None:
        action: str | None = extract(*arguments, **named)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = extract_iam_action


def authorize_partner_sources_as_aws_does() -> None:
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


def authorize_http_apis_as_aws_does() -> None:
    """Let through to a route with IAM authorization only whom AWS would; without IAM nobody is anybody."""
    if ministack.AUTH:
        iam = HttpApiIam(
            ministack._enforce_execute_api, apigateway, sigv4.parse_header_signature, responses.get_account_id
        )
        ministack._enforce_execute_api = iam.enforce


def serve_default_stages_as_aws_does() -> None:
    """Serve the stage `$default` at the root of an API's own host; the emulator wants its name in the path.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
    """
    parse = ministack._parse_execute_api_url

    def parse_execute_api_url(host: str, path: str) -> tuple[str, str, str] | None:
        if of_an_api := ministack._EXECUTE_API_RE.match(host):
            api_id: str = of_an_api[1]
            stages: dict[str, Any] = next(
                (each for (_, _, key), each in apigateway._stages.all_items() if key == api_id), {}
            )
            if "$default" in stages and path.split("/")[1] not in stages:
                return api_id, "$default", path
        parsed: tuple[str, str, str] | None = parse(host, path)
        return parsed

    ministack._parse_execute_api_url = parse_execute_api_url


def run_fifo_groups_side_by_side_as_aws_does() -> None:
    """Let a FIFO queue's groups run at once if a batch is one message; to the emulator they are one after another.

    It does so because its batches span groups: one message cannot. A group with a message in flight gets no other.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    concurrency = lambda_svc._sqs_esm_concurrency

    def sqs_esm_concurrency(mapping: dict[str, Any], function: Any, config: Any, queue: Any = None) -> int:
        limit: int = concurrency(mapping, function, config, None if mapping.get("BatchSize") == 1 else queue)
        return limit

    lambda_svc._sqs_esm_concurrency = sqs_esm_concurrency


def keep_versions_of_secrets_as_aws_does() -> None:
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


def generate_secrets_as_aws_does() -> None:
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


def refer_to_secrets_by_arn_as_aws_does() -> None:
    """Let a template's `Ref` of a secret be its ARN, which policies name; the emulator gives its name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = (handlers[name] for name in ("create", "update", "delete"))

    def with_arn(created: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        return created[1]["Arn"], created[1]

    def name_of(arn: str) -> str:
        return arn.split(":", 6)[6][: -len("-abcdef")]

    handlers["create"] = lambda *arguments: with_arn(create(*arguments))
    handlers["update"] = lambda arn, *more, **named: with_arn(update(name_of(arn), *more, **named))
    handlers["delete"] = lambda arn, *more: delete(name_of(arn), *more)


def name_requests_as_aws_does() -> None:
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


def compress_what_firehose_writes() -> None:
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

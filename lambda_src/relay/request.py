"""From a Lambda proxy event to the bytes that were posted.

Owns base64 and header case. Does not look at the content: what a signature covers is the body as received.

Events: API Gateway payload format 2.0 (HTTP API), 1.0 (HTTP and REST API) and Function URLs, which use 2.0.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from relay.errors import BadRequest, PayloadTooLarge


@dataclass(frozen=True, slots=True)
class Request:
    """What the sender posted. `headers` has lower-case names; repeated ones are joined with `,`.

    `path` and `query` are as the gateway gave them: an HTTP API has decoded the path, the others have not.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str

    def parameters(self) -> dict[str, str]:
        """The query's parameters, decoded; repeated ones are joined with `,` as in payload format 2.0."""
        query = parse_qs(self.query, keep_blank_values=True)
        return {name: ",".join(values) for name, values in query.items()}

    def content_type(self) -> str:
        """The media type, without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def named_headers(self) -> dict[str, str]:
        """The headers as templates name them: `_` for `-`."""
        return {name.replace("-", "_"): value for name, value in self.headers.items()}


def parse(event: Mapping[str, Any], max_body_bytes: int) -> Request:
    """Raises BadRequest if the body is not the base64 it is said to be, PayloadTooLarge if it is over the limit."""
    context = event.get("requestContext") or {}
    if "http" in context:
        method, path, query = context["http"]["method"], _stageless(event, context), event.get("rawQueryString") or ""
    else:
        method, path, query = event["httpMethod"], event["path"], _query_of_format_1(event)
    return Request(
        method=method.upper(),
        path=path,
        query=query,
        headers=_headers(event),
        body=_body(event, max_body_bytes),
        request_id=request_id(event),
    )


def request_id(event: Mapping[str, Any]) -> str:
    """API Gateway's id of the request: the correlation id of the log, and what an error answer names."""
    return str((event.get("requestContext") or {}).get("requestId", ""))


def _stageless(event: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    # rawPath begins with the stage unless it is $default; with a custom domain it has no mapping prefix.
    path, stage = str(event["rawPath"]), f"/{context.get('stage', '$default')}"
    return path[len(stage) :] if path.startswith(f"{stage}/") else path


def _query_of_format_1(event: Mapping[str, Any]) -> str:
    return urlencode(
        event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}, doseq=True
    )


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    several = event.get("multiValueHeaders")
    if several:
        return {name.lower(): ",".join(values) for name, values in several.items()}
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _body(event: Mapping[str, Any], max_body_bytes: int) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        body = str(text).encode("utf-8", "surrogatepass")
    elif len(text) > 4 * (max_body_bytes // 3 + 1):
        raise _too_large(max_body_bytes)
    else:
        try:
            body = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadRequest("The body is flagged as base64 and is not.") from error
    if len(body) > max_body_bytes:
        raise _too_large(max_body_bytes)
    return body


def _too_large(max_body_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {max_body_bytes} bytes.")

"""Read a Lambda proxy event: which request was sent, with the body as the bytes that were received.

Base64 and the case of header names end here. The content is not read: a signature covers the body as received.

Events: API Gateway payload format 2.0 (HTTP API), 1.0 (HTTP and REST API) and Function URLs, which use 2.0.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode

from relay.errors import BadRequest, PayloadTooLarge

MAX_PARAMETERS = 1000
"""How many parameters a query may have."""

CONTENT_ENCODING = "content-encoding"

# As nginx does by default, a header with `_` in its name is dropped: a template writes `_` and `-` alike. https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True)
class Request:
    """One HTTP request. `headers` has lower-case names without `_`; repeated ones are joined with `,`.

    `path` and `query` are as the gateway passed them on: an HTTP API decodes the path, the others do not.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Return the query's parameters, decoded; repeated ones are joined with `,` as in payload format 2.0."""
        query = parse_qs(self.query, keep_blank_values=True)
        return {name: ",".join(values) for name, values in query.items()}

    @cached_property
    def named_headers(self) -> Mapping[str, str]:
        """Return the headers as templates name them: with `_` for `-`, which keeps all names different."""
        return {name.replace("-", "_"): value for name, value in self.headers.items()}

    @cached_property
    def parsed_bodies(self) -> dict[str, tuple[str, Any]]:
        """Return the parsed body by format; `body_formats.parse` fills it, so that each is parsed once."""
        return {}

    @property
    def content_type(self) -> str:
        """Return the media type, without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_encoded(self) -> bool:
        """Return whether the body is as its Content-Encoding says, and not as a format reads it."""
        return CONTENT_ENCODING in self.headers


def parse_event(event: object, max_body_bytes: int) -> Request:
    """Return the request of an event of API Gateway or a Function URL.

    Raise BadRequest if it is another event, its query has more than `MAX_PARAMETERS` parameters, or its body is flagged
    as base64 and is not; PayloadTooLarge if the body has more than `max_body_bytes` bytes.
    """
    fields = _object(event)
    context = _object(fields.get("requestContext"))
    if "http" in context:
        method, path = _text(_object(context["http"]).get("method")), _stageless(fields, context)
        query = _text(fields.get("rawQueryString") or "")
    else:
        method, path, query = _text(fields.get("httpMethod")), _text(fields.get("path")), _query_of_format_1(fields)
    if query.count("&") >= MAX_PARAMETERS:
        raise BadRequest(f"The query has more than {MAX_PARAMETERS} parameters.")
    return Request(
        method=method.upper(),
        path=path,
        query=query,
        headers=_headers(fields),
        body=_body(fields, max_body_bytes),
        request_id=request_id(event),
    )


def request_id(event: object) -> str:
    """Return API Gateway's id of the request, empty if there is none: error responses and the log name it."""
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    text = context.get("requestId") if isinstance(context, Mapping) else None
    return text if isinstance(text, str) and text.isprintable() else ""


def _object(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRequest("The event is not one of API Gateway: a value is not an object.")
    return value


def _text(value: object) -> str:
    """Return `value` if it is text that can be encoded: JSON may spell a lone surrogate. Raise BadRequest."""
    if not isinstance(value, str):
        raise BadRequest("The event is not one of API Gateway: a value is not text.")
    if value.isascii():  # nearly all of them are
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("The event is not one of API Gateway: it has a lone surrogate.") from error
    return value


def _multi_values(fields: object) -> Iterator[tuple[str, list[str]]]:
    """Yield each name of headers or parameters with its values, which API Gateway writes as a text or a list."""
    for name, values in _object(fields).items():
        yield _text(name), [_text(value) for value in (values if isinstance(values, list) else [values])]


def _stageless(event: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    # rawPath begins with the stage unless it is $default; with a custom domain it has no mapping prefix.
    path, stage = _text(event.get("rawPath")), f"/{context.get('stage', '$default')}"
    return path[len(stage) :] if path.startswith(f"{stage}/") else path


def _query_of_format_1(event: Mapping[str, Any]) -> str:
    parameters = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")
    return urlencode(list(_multi_values(parameters)), doseq=True)


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, list[str]] = {}
    for name, values in _multi_values(event.get("multiValueHeaders") or event.get("headers")):
        if _HEADER.fullmatch(name):
            headers.setdefault(name.lower(), []).extend(values)
    return {name: ",".join(values) for name, values in headers.items()}


def _body(event: Mapping[str, Any], max_body_bytes: int) -> bytes:
    text = _text(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        body = text.encode()
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

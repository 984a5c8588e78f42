"""From a Lambda proxy event to the bytes that were posted.

Owns base64 and header case. Does not look at the content: what a signature covers is the body as received.

Events: API Gateway payload format 2.0 (HTTP API), 1.0 (HTTP and REST API) and Function URLs, which use 2.0.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from relay.errors import BadRequest, PayloadTooLarge

MAX_PARAMETERS = 1000
"""Of one query."""

# As nginx has it by default: a name with `_` is dropped, for `_` and `-` are one name to whoever reads them in a
# template. https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Request:
    """What the sender posted. `headers` has lower-case names without `_`; repeated ones are joined with `,`.

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
        """Return the headers as templates name them: `_` for `-`, which makes no two names one."""
        return {name.replace("-", "_"): value for name, value in self.headers.items()}


def parse_event(event: object, max_body_bytes: int) -> Request:
    """Return the request of an event, whatever it is.

    Raise BadRequest if it is none of API Gateway's, its query has more than `MAX_PARAMETERS` parameters, or its body is
    not the base64 it is said to be; PayloadTooLarge if that has more than `max_body_bytes` bytes.
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
    """Return API Gateway's id of the request, empty if there is none.

    It is the correlation id of the log, and what an error answer names.
    """
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    found = context.get("requestId") if isinstance(context, Mapping) else None
    return found if isinstance(found, str) and found.isprintable() else ""


def _object(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRequest("The event is not one of API Gateway: a value is not an object.")
    return value


def _text(value: object) -> str:
    """Return `value`, which is text that can be encoded: JSON may spell a lone surrogate. Raise BadRequest."""
    if not isinstance(value, str):
        raise BadRequest("The event is not one of API Gateway: a value is not text.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("The event is not one of API Gateway: it has a lone surrogate.") from error
    return value


def _several(value: object) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of headers or parameters, each with its values, of either kind of API Gateway's objects."""
    for name, given in _object(value).items():
        yield _text(name), [_text(one) for one in (given if isinstance(given, list) else [given])]


def _stageless(event: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    # rawPath begins with the stage unless it is $default; with a custom domain it has no mapping prefix.
    path, stage = _text(event.get("rawPath")), f"/{context.get('stage', '$default')}"
    return path[len(stage) :] if path.startswith(f"{stage}/") else path


def _query_of_format_1(event: Mapping[str, Any]) -> str:
    given = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")
    return urlencode(list(_several(given)), doseq=True)


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, list[str]] = {}
    for name, values in _several(event.get("multiValueHeaders") or event.get("headers")):
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

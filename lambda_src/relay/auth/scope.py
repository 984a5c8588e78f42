"""What the templates of a scheme, or of a handshake, can read of a request."""

import re
from collections.abc import Mapping
from typing import Any

from relay.errors import BadRequest, MappingError, Unauthorized
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template

NAMES = ("headers", "query", "body", "method", "url")

_HEADER = re.compile(r"headers\.([a-z0-9_]+)")


def verification_scope(request: Request, url: str, body_format: str) -> dict[str, Any]:
    """Return the values of `NAMES`. A header or parameter without a value counts as absent.

    The body is read in `body_format`, or not at all if that is empty. Raise Unauthorized if it cannot be read.
    """
    try:
        body = body_formats.parse(request, body_format)[1] if body_format else None
    except BadRequest as error:
        raise Unauthorized(f"the scheme reads the body: {error}") from error
    return {
        "headers": {name: value for name, value in request.named_headers.items() if value},
        "query": {name: value for name, value in request.parameters.items() if value},
        "method": request.method,
        "url": url,
        "body": body,
    }


def render(template: Template, scope: Mapping[str, Any], label: str) -> str:
    """Return the text of `template`. Raise Unauthorized, naming `label`, if a value is missing or the text is empty."""
    try:
        text = template.render(scope)
    except MappingError as error:
        raise Unauthorized(f"{label} missing: {str(error).partition(';')[0]}") from error
    if not text:
        raise Unauthorized(f"{label} empty")
    return text


def elements(each: Template | None, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one scope, or one with `item` for each element of the list that `each` reads. Raise Unauthorized."""
    if each is None:
        return [dict(scope)]
    try:
        items = each.value(scope)
    except MappingError as error:
        raise Unauthorized(str(error)) from error
    if not isinstance(items, list) or not items:
        raise Unauthorized(f"{each.text} has no elements")
    return [{**scope, "item": item} for item in items]


def headers_in(template: Template) -> tuple[str, ...]:
    """Return the names of the headers that placeholders of `template` stand for, in order."""
    matches = [_HEADER.fullmatch(expression) for expression in template.expressions()]
    return tuple(match[1].replace("_", "-") for match in matches if match)

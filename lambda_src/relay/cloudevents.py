"""CloudEvents over HTTP, in each of its three content modes: a list of events in the JSON format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from relay.errors import BadRequest
from relay.request import Request

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
REQUIRED = ("specversion", "id", "source", "type")

_PREFIX = "ce-"


def parse(request: Request, parse_json: Callable[[], Any]) -> list[Any]:
    """Every event of the request. Raises BadRequest if one is not a CloudEvent; `parse_json` gives the body's value."""
    if request.content_type() == BATCHED:
        events = parse_json()
    elif request.content_type() == STRUCTURED:
        events = [parse_json()]
    else:
        events = [_binary(request, parse_json)]
    if not isinstance(events, list):
        raise BadRequest("The batch is not a JSON array of CloudEvents.")
    for event in events:
        _check(event)
    return events


def _binary(request: Request, parse_json: Callable[[], Any]) -> dict[str, Any]:
    """The attributes are headers, percent-encoded; the body is the data, and its content type that of the data."""
    names = [name for name in request.headers if name.startswith(_PREFIX)]
    event: dict[str, Any] = {name.removeprefix(_PREFIX): unquote(request.headers[name]) for name in names}
    if not request.body:
        return event
    media_type = request.content_type()
    if media_type:
        event["datacontenttype"] = request.headers["content-type"]
    if media_type in {"", "application/json"} or media_type.endswith("+json"):
        return event | {"data": parse_json()}
    try:
        return event | ({"data": request.text()} if media_type.startswith("text/") else _base64(request))
    except ValueError:
        return event | _base64(request)


def _base64(request: Request) -> dict[str, str]:
    return {"data_base64": base64.b64encode(request.body).decode()}


def _check(event: Any) -> None:
    if not isinstance(event, dict):
        raise BadRequest("A CloudEvent is not a JSON object.")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise BadRequest(f"The CloudEvent has no {name}.")
    if event["specversion"] != "1.0":
        raise BadRequest("The CloudEvent is not of specversion 1.0.")

"""Read CloudEvents over HTTP, in each of the three content modes, as a list of events in the JSON format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from relay.errors import BadRequest
from relay.http.request import Request

REQUIRED = ("specversion", "id", "source", "type")

_PREFIX = "ce-"
_SPECVERSION = "ce-specversion"


def parse_structured(value: Any) -> list[Any]:
    """Return the events of a body in the structured (an object) or the batched (an array) content mode.

    The JSON itself says which it is, not the Content-Type, and no header becomes an attribute: a signature covers
    neither. Raise BadRequest if one of them is not a CloudEvent.
    """
    events = value if isinstance(value, list) else [value]
    for event in events:
        _check(event)
    return events


def parse_binary(request: Request, parse_json: Callable[[], Any]) -> list[Any]:
    """Return the one event of a request in the binary content mode: its attributes are headers, its body the data.

    Only for schemes that prove the whole request, such as a bearer token: no signature covers these headers.
    `parse_json` gives the body's value. Raise BadRequest if it is not a CloudEvent.
    """
    names = [name for name in request.headers if name.startswith(_PREFIX)]
    event: dict[str, Any] = {name.removeprefix(_PREFIX): unquote(request.headers[name]) for name in names}
    event |= _data(request, parse_json)
    _check(event)
    return [event]


def is_binary(request: Request) -> bool:
    """Return whether the headers say that the request is in the binary content mode."""
    return _SPECVERSION in request.headers


def _data(request: Request, parse_json: Callable[[], Any]) -> dict[str, Any]:
    if not request.body:
        return {}
    media_type = request.content_type
    named = {"datacontenttype": request.headers["content-type"]} if media_type else {}
    if media_type in {"", "application/json"} or media_type.endswith("+json"):
        return named | {"data": parse_json()}
    if media_type.startswith("text/"):
        try:
            return named | {"data": request.body.decode()}
        except UnicodeDecodeError:
            pass
    return named | {"data_base64": base64.b64encode(request.body).decode()}


def _check(event: Any) -> None:
    if not isinstance(event, dict):
        raise BadRequest("A CloudEvent is not a JSON object.")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise BadRequest(f"The CloudEvent has no {name}.")
    if event["specversion"] != "1.0":
        raise BadRequest("The CloudEvent is not of specversion 1.0.")

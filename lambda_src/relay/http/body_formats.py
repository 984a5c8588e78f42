"""The body as JSON, in the format that its route names.

Nothing that the sender does not sign decides how signed bytes are read: a Content-Type may make the relay refuse a
body, never read it as something else.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from relay.errors import BadRequest
from relay.http.request import Request
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON

_MAX_FORM_FIELDS = 1000
_MAX_RECORDS = 10_000
_RECORD_SEPARATOR = "\x1e"

JSON, FORM, MULTIPART, JSON_LINES, JSON_SEQ = "json", "form", "multipart", "json-lines", "json-seq"
TEXT, JWT, CLOUDEVENTS, CLOUDEVENTS_BINARY = "text", "jwt", "cloudevents", "cloudevents-binary"
FORMATS = (JSON, FORM, MULTIPART, JSON_LINES, JSON_SEQ, TEXT, JWT, CLOUDEVENTS, CLOUDEVENTS_BINARY)
"""The formats that a route may name; the first is the default."""

# Any text can be read as a form, so the sender has to name it.
_MEDIA_TYPES = {FORM: "application/x-www-form-urlencoded", MULTIPART: "multipart/form-data"}
_NAMES = {FORM: "a form", MULTIPART: "a form", JWT: "a JSON Web Token"}

Fields = Mapping[str, list[str]]


def media_type(body_format: str) -> str:
    """Return the Content-Type that a sender of this format uses."""
    return _MEDIA_TYPES.get(body_format, "application/json")


def parse(request: Request, body_format: str = JSON) -> tuple[str, Any]:
    """Return the body as JSON text, and its value; each format of a request is parsed once.

    `json` and `jwt` (the token's claims) keep the sender's text; `form` and `multipart` become an object of their
    fields, `json-lines`, `json-seq`, `cloudevents` and `cloudevents-binary` a list, `text` an object with
    `text`. All are UTF-8.
    Raise BadRequest if the body is empty, is not of this format, or should be a form and is called something else.
    """
    if body_format not in request.parsed_bodies:
        request.parsed_bodies[body_format] = _parse(request, body_format)
    return request.parsed_bodies[body_format]


def keep_parsed_bodies(source: Request, target: Request) -> None:
    """Spare `target`, which has the same body, parsing it again, unless headers are a part of the value."""
    bodies = source.parsed_bodies.items()
    target.parsed_bodies.update({name: parsed for name, parsed in bodies if name != CLOUDEVENTS_BINARY})


def _parse(request: Request, body_format: str) -> tuple[str, Any]:
    if not request.body and body_format not in {CLOUDEVENTS_BINARY, TEXT}:
        raise BadRequest("The body is empty.")
    content_type = request.content_type
    if body_format in _MEDIA_TYPES and content_type not in {"", _MEDIA_TYPES[body_format]}:
        raise BadRequest(f"The Content-Type is not {_MEDIA_TYPES[body_format]}, which this route expects.")
    try:
        return _PARSERS[body_format](request)
    except NotJSON as error:
        hint = next(
            (
                f'; a route for this Content-Type has body_format = "{name}"'
                for name, form in _MEDIA_TYPES.items()
                if form == content_type
            ),
            "",
        )
        raise BadRequest(f"The body is not JSON: {error}{hint}.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start}.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not {_NAMES[body_format]}: {error}.") from error


def _text(request: Request) -> str:
    return request.body.decode("utf-8-sig")  # with or without a byte order mark


def _json(request: Request) -> tuple[str, Any]:
    text = _text(request)
    return text, strict_json.parse(text)


def _json_lines(request: Request) -> tuple[str, Any]:
    """Parse https://jsonlines.org; empty lines are passed over."""
    return _records(_text(request).split("\n"), "lines")


def _json_seq(request: Request) -> tuple[str, Any]:
    """Parse https://www.rfc-editor.org/rfc/rfc7464; empty records are passed over, a damaged one is refused."""
    before, *records = _text(request).split(_RECORD_SEPARATOR)
    if before:
        raise NotJSON("it does not begin with a record separator (0x1E)")
    return _records(records, "records")


def _records(texts: list[str], name: str) -> tuple[str, Any]:
    texts = [text for text in texts if text.strip()]
    if len(texts) > _MAX_RECORDS:
        raise BadRequest(f"The body has more than {_MAX_RECORDS} {name}.")
    return _dumped([strict_json.parse(text) for text in texts])


def _plain_text(request: Request) -> tuple[str, Any]:
    return _dumped({"text": _text(request)})


def _cloudevents(request: Request) -> tuple[str, Any]:
    from relay.http import cloudevents

    if cloudevents.is_binary(request):
        raise BadRequest(
            'The CloudEvent is in the binary content mode; a route for it has body_format = "cloudevents-binary".'
        )
    return _dumped(cloudevents.parse_structured(_json(request)[1]))


def _cloudevents_binary(request: Request) -> tuple[str, Any]:
    from relay.http import cloudevents

    return _dumped(cloudevents.parse_binary(request, lambda: _json(request)[1]))


def _form(request: Request) -> tuple[str, Any]:
    return _fields(parse_qs(_text(request), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS))


def _multipart(request: Request) -> tuple[str, Any]:
    from relay.http import multipart

    return _fields(multipart.parse(request.body, _MAX_FORM_FIELDS))


def _fields(fields: Fields) -> tuple[str, Any]:
    return _dumped({name: values[0] if len(values) == 1 else values for name, values in fields.items()})


def _jwt(request: Request) -> tuple[str, Any]:
    """Return the claims of a token, which the route's scheme verifies: https://www.rfc-editor.org/rfc/rfc7519."""
    part = request.body.split(b".")[1] if request.body.count(b".") else b""
    text = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()
    return text, strict_json.parse(text)


def _dumped(value: Any) -> tuple[str, Any]:
    return strict_json.dump(value), value


_PARSERS: Mapping[str, Callable[[Request], tuple[str, Any]]] = {
    JSON: _json,
    FORM: _form,
    MULTIPART: _multipart,
    JSON_LINES: _json_lines,
    JSON_SEQ: _json_seq,
    TEXT: _plain_text,
    JWT: _jwt,
    CLOUDEVENTS: _cloudevents,
    CLOUDEVENTS_BINARY: _cloudevents_binary,
}

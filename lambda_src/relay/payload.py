"""The body as JSON: what its content type says, or what the route says that it is."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from relay import strict_json
from relay.errors import BadRequest
from relay.request import FORM, MULTIPART, Request
from relay.strict_json import NotJSON

_MAX_FORM_FIELDS = 1000

CONTENT_TYPE, JWT, TEXT, CLOUDEVENTS = "content-type", "jwt", "text", "cloudevents"
KINDS = (CONTENT_TYPE, JWT, TEXT, CLOUDEVENTS)
"""What a body is: JSON or a form, as its content type says; or whatever that says, a JSON Web Token (its claims), text
(an object with `text`), CloudEvents (a list)."""

Fields = Mapping[str, list[str]]


def parse(request: Request, kind: str = CONTENT_TYPE) -> tuple[str, Any]:
    """JSON text, and its value. Raises BadRequest if the body is empty or not what it is said to be."""
    if not request.body and kind != CLOUDEVENTS:
        raise BadRequest("The body is empty.")
    try:
        return _parse(request, kind)
    except NotJSON as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not {error.encoding.upper()}: byte {error.start}.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not a form: {error}.") from error


def _parse(request: Request, kind: str) -> tuple[str, Any]:
    if kind == TEXT:
        return _dumped({"text": request.text()})
    if kind == CLOUDEVENTS:
        from relay import cloudevents

        return _dumped(cloudevents.parse(request, lambda: strict_json.parse(request.text())))
    if kind == CONTENT_TYPE and request.content_type() in _FORMS:
        fields = _FORMS[request.content_type()](request)
        return _dumped({name: values[0] if len(values) == 1 else values for name, values in fields.items()})
    text = _claims(request.body) if kind == JWT else request.text()
    return text, strict_json.parse(text)


def _dumped(value: Any) -> tuple[str, Any]:
    return strict_json.dump(value), value


def _form(request: Request) -> Fields:
    return parse_qs(request.text(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS)


def _multipart(request: Request) -> Fields:
    """https://www.rfc-editor.org/rfc/rfc7578; a file counts as a field, if it is text."""
    from email.parser import BytesParser

    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("utf-8", "replace")
    message: Any = BytesParser().parsebytes(head + request.body)
    if not message.is_multipart() or message.defects:
        raise ValueError("its parts cannot be told apart")
    fields: dict[str, list[str]] = {}
    for part in message.get_payload()[: _MAX_FORM_FIELDS + 1]:
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if not isinstance(name, str) or content is None:
            raise ValueError("a part has no name")
        fields.setdefault(name, []).append(content.decode())
    if sum(map(len, fields.values())) > _MAX_FORM_FIELDS:
        raise ValueError("it has too many fields")
    return fields


_FORMS: Mapping[str, Callable[[Request], Fields]] = {FORM: _form, MULTIPART: _multipart}


def _claims(token: bytes) -> str:
    """The middle of a token, which the route's scheme has verified: https://www.rfc-editor.org/rfc/rfc7519."""
    part = token.split(b".")[1] if token.count(b".") else b""
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()

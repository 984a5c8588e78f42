"""The body as JSON: a JSON body as it was sent, a form as an object of its fields, a token as its claims."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from relay import strict_json
from relay.canonical import FORM
from relay.errors import BadRequest
from relay.request import Request
from relay.strict_json import NotJSON

_MAX_FORM_FIELDS = 1000

CONTENT_TYPE = "content-type"
JWT = "jwt"
KINDS = (CONTENT_TYPE, JWT)
"""What a body is: what its content type says (JSON, or a form), or a JSON Web Token whatever it says."""


def parse(request: Request, kind: str = CONTENT_TYPE) -> tuple[str, Any]:
    """JSON text, and its value. Raises BadRequest if the body is empty or not what it is said to be."""
    if not request.body:
        raise BadRequest("The body is empty.")
    try:
        if kind == JWT:
            text = _claims(request.body)
        elif request.content_type() in _FORMS:
            fields = _FORMS[request.content_type()](request)
            payload = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
            return strict_json.dump(payload), payload
        else:
            text = request.body.decode("utf-8-sig")
        return text, strict_json.parse(text)
    except NotJSON as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start}.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not a form: {error}.") from error


def _form(request: Request) -> dict[str, list[str]]:
    text = request.body.decode("utf-8-sig")
    return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS)


def _multipart(request: Request) -> dict[str, list[str]]:
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


_FORMS: dict[str, Callable[[Request], dict[str, list[str]]]] = {FORM: _form, "multipart/form-data": _multipart}


def _claims(token: bytes) -> str:
    """The middle of a token, which the route's scheme has verified: https://www.rfc-editor.org/rfc/rfc7519."""
    part = token.split(b".")[1] if token.count(b".") else b""
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()

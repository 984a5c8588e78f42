"""The body as JSON: a JSON body as it was sent, a form as an object of its fields."""

from typing import Any
from urllib.parse import parse_qs

from relay import strict_json
from relay.canonical import FORM
from relay.errors import BadRequest
from relay.request import Request
from relay.strict_json import NotJSON

_MAX_FORM_FIELDS = 1000


def parse(request: Request) -> tuple[str, Any]:
    """JSON text, and its value. Raises BadRequest if the body is empty or not what its content type says."""
    if not request.body:
        raise BadRequest("The body is empty.")
    try:
        text = request.body.decode("utf-8-sig")
        if request.content_type() != FORM:
            return text, strict_json.parse(text)
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FORM_FIELDS)
        payload = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
        return strict_json.dump(payload), payload
    except NotJSON as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start}.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not a form: {error}.") from error

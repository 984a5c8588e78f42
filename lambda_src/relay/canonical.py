"""What some senders sign cannot be written as a template: here it is code, and the rest of their scheme is data.

Each function gives the signed bytes, or raises Unauthorized.
"""

import hashlib
from collections.abc import Callable
from urllib.parse import parse_qsl

from relay.constant_time import any_equal
from relay.errors import Unauthorized
from relay.request import Request

FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 1000

Canonical = Callable[[Request, str], bytes]


def twilio(request: Request, url: str) -> bytes:
    """The URL and the form's fields, sorted, each once; or, for another body, the URL that carries its digest.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    if request.content_type() == FORM:
        fields = sorted(set(_fields(request)))
        return (url + "".join(name + value for name, value in fields)).encode("utf-8", "surrogatepass")
    if request.body:
        claimed = request.parameters().get("bodySHA256", "").encode("utf-8", "surrogatepass")
        if not any_equal([hashlib.sha256(request.body).hexdigest().encode()], [claimed]):
            raise Unauthorized("bodySHA256 is not the digest of the body")
    return url.encode("utf-8", "surrogatepass")


def mandrill(request: Request, url: str) -> bytes:
    """The URL and the form's fields, sorted by name.

    https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
    """
    fields = sorted(_fields(request))
    return (url + "".join(name + value for name, value in fields)).encode("utf-8", "surrogatepass")


def plivo(request: Request, url: str) -> bytes:
    """The URL with its query sorted, and the form's fields, sorted, after it.

    https://www.plivo.com/docs/voice/concepts/signature-validation (version 3)
    """
    base, _, query = url.partition("?")
    parameters = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True)))
    fields = "".join(name + value for name, value in sorted(_fields(request)))
    question = "?" if parameters or fields else ""
    dot = "." if parameters and fields else ""
    return f"{base}{question}{parameters}{dot}{fields}".encode("utf-8", "surrogatepass")


CANONICAL: dict[str, Canonical] = {"twilio": twilio, "mandrill": mandrill, "plivo": plivo}
"""By the name that `content = "${canonical.twilio}"` uses."""


def _fields(request: Request) -> list[tuple[str, str]]:
    try:
        text = request.body.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Unauthorized("the body is not the form that was signed") from error

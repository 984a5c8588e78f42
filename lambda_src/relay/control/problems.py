"""Refusals as RFC 9457 problems, and what is refused before it is parsed: the same for the API and the page."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from relay.control.errors import ControlError
from relay.templates import strict_json
from relay.templates.strict_json import NotJSON

MAX_BODY_BYTES = 64 * 1024
JSON, PROBLEM = "application/json", "application/problem+json"


def add_handlers(app: APIGatewayHttpResolver, *, with_cause: bool) -> None:
    """Let `app` answer what is refused, invalid, unreachable or not there with a problem.

    `with_cause`: the callers may know what AWS said.
    """

    @app.exception_handler(ControlError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def refused(error: ControlError) -> Response[Any]:
        shown = error if with_cause else error.without_cause()
        return problem(shown, request_id(app.current_event.raw_event))

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def invalid(error: RequestValidationError) -> Response[Any]:
        return problem(_invalid(error), request_id(app.current_event.raw_event))

    @app.exception_handler(RecursionError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def too_deep(_error: RecursionError) -> Response[Any]:
        refusal = ControlError(422, "invalid", "body: it is nested too deep.", field="body")
        return problem(refusal, request_id(app.current_event.raw_event))

    @app.exception_handler(OSError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def away(_error: OSError) -> Response[Any]:
        return problem(unavailable(), request_id(app.current_event.raw_event))

    @app.not_found
    def nothing_there(_error: Exception) -> Response[Any]:
        missing = ControlError(404, "no-such-path", "No operation has this path and method.")
        return problem(missing, request_id(app.current_event.raw_event))


def problem(error: ControlError, request_id: str) -> Response[Any]:
    """Return a refusal as the answer of an operation."""
    return Response(error.status, PROBLEM, _body(error, request_id))


def plain_problem(error: ControlError, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a refusal as the answer of a function, for a request that reached no operation."""
    return {
        "statusCode": int(error.status),
        "headers": {"Content-Type": PROBLEM},
        "body": _body(error, request_id(event)),
        "isBase64Encoded": False,
    }


def unavailable() -> ControlError:
    """Return the refusal of a request for which AWS could not be reached."""
    return ControlError(503, "unavailable", "AWS could not be reached. Try again: the same request is safe.")


def refuse_body(event: Mapping[str, Any]) -> ControlError | None:
    """Return why the body of a request is not parsed: it is too large, or no JSON; None if it is."""
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        return ControlError(413, "too-large", f"The body is over {MAX_BODY_BYTES} bytes.")
    if body and header(event, "content-type").partition(";")[0].strip().lower() != JSON:
        return ControlError(415, "not-json", f"Content-Type: expected {JSON}.", field="Content-Type")
    if body and event.get("isBase64Encoded"):  # API Gateway gives JSON as text
        return ControlError(415, "not-json", "The body is not text.", field="body")
    return None


def refuse_json(event: Mapping[str, Any]) -> ControlError | None:
    """Return why a body is not what Powertools' parser can take, None if it is.

    That parser lets some errors of Python's through, such as that of a number with thousands of digits.
    """
    try:
        if body := event.get("body"):
            strict_json.parse(body)
    except NotJSON as error:
        return ControlError(422, "invalid", f"body: {error}.", field="body")
    return None


def header(event: Mapping[str, Any], name: str) -> str:
    """Return a header of a request, whose name is given in lower case; empty without it."""
    return str({each.lower(): value for each, value in (event.get("headers") or {}).items()}.get(name, ""))


def request_id(event: Mapping[str, Any]) -> str:
    """Return the id that API Gateway gave a request."""
    return str(event.get("requestContext", {}).get("requestId", ""))


def _body(error: ControlError, request_id: str) -> str:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": int(error.status),
        "detail": f"{error.detail} {error.cause}".rstrip(),
        "code": error.code,
        "request_id": request_id,
    }
    return json.dumps({**error.extra, **body})


def _invalid(error: RequestValidationError) -> ControlError:
    """Return the first thing that is wrong, by its place; what was sent is not repeated."""
    first = error.errors()[0] if error.errors() else {}
    place = [str(part) for part in first.get("loc", ()) if part not in {"body", "query", "path", "header"}]
    name = ".".join(place) or "body"
    return ControlError(422, "invalid", f"{name}: {first.get('msg', 'is not valid')}.", field=name)

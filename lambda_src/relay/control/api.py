"""The HTTP side of the control API: paths, types and problems. API Gateway has authenticated the caller (IAM).

Powertools validates what comes in and writes the OpenAPI document from the same types.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, SecurityScheme
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import BaseModel

from relay.control.errors import ControlError
from relay.control.models import (
    MAX_LIMIT,
    Customer,
    Deleted,
    DestinationList,
    DestinationModel,
    Discard,
    HandoverModel,
    Limit,
    Name,
    NextToken,
    Pong,
    Problem,
    ReleaseRequest,
    WantedDestination,
    destination_model,
)
from relay.control.service import Control
from relay.control.wanted import Precondition
from relay.destinations.model import Destination, SourceStatus
from relay.handover.render import Form, render

MAX_BODY_BYTES = 64 * 1024
_START = re.compile(r"(customer|source)#[A-Za-z0-9_.#/-]{1,400}")  # a partition of the registry
JSON, PROBLEM = "application/json", "application/problem+json"


def build(control: Control) -> APIGatewayHttpResolver:  # noqa: C901 - one function for each operation
    """Return the API of `control`: what a Lambda handler resolves, and the source of the OpenAPI document."""
    app = APIGatewayHttpResolver(enable_validation=True)
    errors: dict[int, Any] = {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"model": Problem}}}
        for status in (400, 403, 404, 409, 412, 413, 415, 422, 502, 503)
    }

    def actor() -> str:
        return str(_iam(app.current_event.raw_event).get("userArn", ""))

    def answer(found: Destination, *, status: int = 200, effective_at: datetime | None = None) -> Response[Any]:
        model = destination_model(found, control.services.count_held(found), control.services.now(), effective_at)
        return Response(status, JSON, model, headers={"ETag": found.etag})

    def page(found: list[Destination], next_token: str | None) -> Response[Any]:
        models = [destination_model(destination, None, control.services.now(), None) for destination in found]
        return Response(200, JSON, DestinationList(destinations=models, next_token=next_token))

    one = "/v1/customers/<customer>/destinations/<name>"

    @app.put(
        one, operation_id="putDestination", summary="Create or change a destination", responses=_ok(errors, 200, 201)
    )
    def put(
        customer: Customer,
        name: Name,
        wanted: Annotated[WantedDestination, Body()],
        if_match: Annotated[str, Header(max_length=128)] = "",
        if_none_match: Annotated[str, Header(max_length=8)] = "",
    ) -> Response[DestinationModel]:
        if if_none_match not in {"", "*"}:
            raise ControlError(400, "invalid", "If-None-Match: expected *.", field="If-None-Match")
        first = not control.destinations(customer)
        condition = Precondition(if_match, bool(if_none_match))
        found, new = control.put(customer, name, wanted.wanted(), actor(), condition)
        return answer(found, status=201 if new else 200, effective_at=control.effective_at(found, first=first))

    @app.get(one, operation_id="getDestination", summary="Return a destination", responses=_ok(errors, 200))
    def get(customer: Customer, name: Name) -> Response[DestinationModel]:
        return answer(control.get(customer, name))

    @app.delete(one, operation_id="deleteDestination", summary="Delete a destination", responses=_ok(errors, 204))
    def delete(customer: Customer, name: Name, discard: Discard = False) -> Response[None]:  # noqa: FBT002 - a query parameter
        control.delete(customer, name, discard=discard, actor=actor())
        return Response(204, None, None)

    @app.get(
        "/v1/customers/<customer>/destinations",
        operation_id="listDestinations",
        summary="Return a customer's destinations",
        responses=_ok(errors, 200, model=DestinationList),
    )
    def list_of_customer(customer: Customer) -> Response[DestinationList]:
        return page(control.destinations(customer), None)

    @app.get(
        "/v1/destinations",
        operation_id="listAllDestinations",
        summary="Return destinations, a page at a time",
        responses=_ok(errors, 200, model=DestinationList),
    )
    def list_all(
        source_status: Annotated[SourceStatus | None, Query()] = None,
        limit: Limit = MAX_LIMIT,
        next_token: NextToken = "",
    ) -> Response[DestinationList]:
        found, following = control.page(_start_of(next_token), limit, source_status)
        return page(found, _token_of(following) if following else None)

    @app.delete(
        "/v1/customers/<customer>",
        operation_id="deleteCustomer",
        summary="Delete everything of a customer",
        responses=_ok(errors, 200, model=Deleted),
    )
    def delete_customer(customer: Customer, discard: Discard = False) -> Response[Any]:  # noqa: FBT002 - a query parameter
        number = control.delete_customer(customer, discard=discard, actor=actor())
        return Response(200, JSON, Deleted(destinations=number))

    @app.post(f"{one}/pause", operation_id="pause", summary="Hold entries from now on", responses=_ok(errors, 200))
    def pause(customer: Customer, name: Name) -> Response[DestinationModel]:
        found = control.pause(customer, name, actor())
        return answer(found, effective_at=control.effective_at(found, first=False))

    @app.post(f"{one}/resume", operation_id="resume", summary="Put entries again", responses=_ok(errors, 200))
    def resume(customer: Customer, name: Name) -> Response[DestinationModel]:
        found = control.resume(customer, name, actor())
        return answer(found, effective_at=control.effective_at(found, first=False))

    @app.post(f"{one}/release", operation_id="release", summary="Start delivery", responses=_ok(errors, 200))
    def release(
        customer: Customer, name: Name, body: Annotated[ReleaseRequest | None, Body()] = None
    ) -> Response[DestinationModel]:
        return answer(control.release(customer, name, body.since if body else None, actor()))

    @app.post(f"{one}/ping", operation_id="ping", summary="Send a test event", responses=_ok(errors, 200, model=Pong))
    def ping(customer: Customer, name: Name) -> Response[Any]:
        return Response(200, JSON, Pong(event_id=control.ping(customer, name, actor())))

    @app.get(
        f"{one}/handover",
        operation_id="handover",
        summary="Return what the customer deploys to receive events",
        responses=_ok(errors, 200, model=HandoverModel),
    )
    def handover(customer: Customer, name: Name, form: Annotated[Form, Query(alias="as")]) -> Response[Any]:
        return Response(200, JSON, HandoverModel(text=render(control.get(customer, name), form)))

    @app.exception_handler(ControlError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def refused(error: ControlError) -> Response[Any]:
        return problem(error, _request_id(app.current_event.raw_event))

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def invalid(error: RequestValidationError) -> Response[Any]:
        return problem(_invalid(error), _request_id(app.current_event.raw_event))

    @app.exception_handler(OSError)  # type: ignore[untyped-decorator]  # Powertools types it as returning Any
    def away(_error: OSError) -> Response[Any]:
        refusal = ControlError(503, "unavailable", "AWS could not be reached. Try again: the same request is safe.")
        return problem(refusal, _request_id(app.current_event.raw_event))

    @app.not_found
    def nothing_there(_error: Exception) -> Response[Any]:
        missing = ControlError(404, "no-such-path", "No operation has this path and method.")
        return problem(missing, _request_id(app.current_event.raw_event))

    return app


def resolve(app: APIGatewayHttpResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the answer to one request. What is too large, or no JSON, is refused before it is parsed.

    So is a request whose caller API Gateway has not authenticated: that cannot come by the deployed API.
    """
    if not _iam(event).get("userArn"):
        return _plain_problem(ControlError(403, "not-authenticated", "The request is not signed."), event)
    if refusal := _refuse_body(event):
        return _plain_problem(refusal, event)
    answer = app.resolve(event, context)
    return {**answer, "body": answer.get("body") or ""}  # null is no body in API Gateway's documents


def internal_error(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that raised an error nobody expected."""
    return _plain_problem(ControlError(500, "internal", "The control API failed. Try again."), event)


def _plain_problem(error: ControlError, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": int(error.status),
        "headers": {"Content-Type": PROBLEM},
        "body": _problem_body(error, _request_id(event)),
        "isBase64Encoded": False,
    }


def _refuse_body(event: Mapping[str, Any]) -> ControlError | None:
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        return ControlError(413, "too-large", f"The body is over {MAX_BODY_BYTES} bytes.")
    content_type = {name.lower(): value for name, value in (event.get("headers") or {}).items()}.get("content-type", "")
    if body and content_type.partition(";")[0].strip().lower() != JSON:
        return ControlError(415, "not-json", f"Content-Type: expected {JSON}.", field="Content-Type")
    if body and event.get("isBase64Encoded"):  # API Gateway gives JSON as text
        return ControlError(415, "not-json", "The body is not text.", field="body")
    return None


def openapi(app: APIGatewayHttpResolver, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    signature = APIKey(  # how API Gateway's own export describes SigV4
        name="Authorization",
        **{"in": APIKeyIn.header},  # type: ignore[arg-type]  # `in` is a keyword of Python
        description="AWS Signature Version 4 for the service execute-api.",
    )
    schemes: dict[str, SecurityScheme] = {"sigv4": signature}
    text = app.get_openapi_json_schema(
        title="Partner Event Relay: control API",
        version=version,
        description="Connects a SaaS's customers to Amazon EventBridge.",
        security_schemes=schemes,
        security=[{"sigv4": []}],
    )
    document: dict[str, Any] = json.loads(text)
    return document


def problem(error: ControlError, request_id: str) -> Response[Any]:
    """Return a refusal as an RFC 9457 problem."""
    return Response(error.status, PROBLEM, _problem_body(error, request_id))


def _problem_body(error: ControlError, request_id: str) -> str:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": int(error.status),
        "detail": error.detail,
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


def _ok(errors: Mapping[int, Any], *statuses: int, model: type[BaseModel] = DestinationModel) -> dict[int, Any]:
    """Return the answers of an operation: those that succeed, and the problems."""
    succeed = {
        status: {"description": HTTPStatus(status).phrase}
        | ({} if status == HTTPStatus.NO_CONTENT else {"content": {JSON: {"model": model}}})
        for status in statuses
    }
    return {**succeed, **errors}


def _iam(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = ((event.get("requestContext") or {}).get("authorizer") or {}).get("iam")
    return found if isinstance(found, dict) else {}


def _request_id(event: Mapping[str, Any]) -> str:
    return str(event.get("requestContext", {}).get("requestId", ""))


def _token_of(start: str) -> str:
    return base64.urlsafe_b64encode(start.encode()).decode()


def _start_of(token: str) -> str:
    """Return where a page begins; empty for the first page. Raise ControlError."""
    try:
        start = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:  # no Base64, no ASCII, or no UTF-8 within it
        raise _wrong_token() from error
    if start and not _START.fullmatch(start):
        raise _wrong_token()
    return start


def _wrong_token() -> ControlError:
    return ControlError(422, "invalid", "next_token: expected the one of the page before.", field="next_token")

"""The HTTP side of the control API: paths, types and problems. API Gateway has authenticated the caller (IAM).

Powertools validates what comes in and writes the OpenAPI document from the same types.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

import base64
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.models import APIKey, APIKeyIn, SecurityScheme
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import BaseModel

from relay.control.answers import Answers
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
    Link,
    LinkRequest,
    Name,
    NextToken,
    Pong,
    Problem,
    ReleaseRequest,
    WantedDestination,
)
from relay.control.page_access import PageAccess
from relay.control.problems import JSON, PROBLEM, add_handlers, plain_problem, refuse_body, refuse_json
from relay.control.service import Control
from relay.control.wanted import Precondition
from relay.destinations.model import Destination, SourceStatus
from relay.handover.render import Form

_START = re.compile(r"(access|customer|source)#[A-Za-z0-9_.#/-]{1,400}")  # a partition of the registry


def build(  # noqa: C901 - one function for each operation
    control: Control, access: PageAccess | None = None, page_url: str = ""
) -> APIGatewayHttpResolver:
    """Return the API of `control`: what a Lambda handler resolves, and the source of the OpenAPI document.

    `access` makes the links to the customers' page, which is at `page_url`; without it there is no page.
    """
    app = APIGatewayHttpResolver(enable_validation=True)
    answers = Answers(control)
    errors: dict[int, Any] = {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"model": Problem}}}
        for status in (400, 403, 404, 409, 412, 413, 415, 422, 502, 503)
    }

    def actor() -> str:
        return str(_iam(app.current_event.raw_event).get("userArn", ""))

    def page(found: list[Destination], next_token: str | None) -> Response[Any]:
        models = [answers.model(destination, count=False) for destination in found]
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
        condition = Precondition.of_headers(if_match, if_none_match)
        return answers.put(customer, name, wanted.wanted(), actor(), condition)

    @app.get(one, operation_id="getDestination", summary="Return a destination", responses=_ok(errors, 200))
    def get(customer: Customer, name: Name) -> Response[DestinationModel]:
        return answers.get(customer, name)

    @app.delete(one, operation_id="deleteDestination", summary="Delete a destination", responses=_ok(errors, 204))
    def delete(customer: Customer, name: Name, discard: Discard = False) -> Response[None]:  # noqa: FBT002 - a query parameter
        return answers.delete(customer, name, actor(), discard=discard)

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
        return answers.pause(customer, name, actor())

    @app.post(f"{one}/resume", operation_id="resume", summary="Put entries again", responses=_ok(errors, 200))
    def resume(customer: Customer, name: Name) -> Response[DestinationModel]:
        return answers.resume(customer, name, actor())

    @app.post(f"{one}/release", operation_id="release", summary="Start delivery", responses=_ok(errors, 200))
    def release(
        customer: Customer, name: Name, body: Annotated[ReleaseRequest | None, Body()] = None
    ) -> Response[DestinationModel]:
        return answers.release(customer, name, body.since if body else None, actor())

    @app.post(f"{one}/ping", operation_id="ping", summary="Send a test event", responses=_ok(errors, 200, model=Pong))
    def ping(customer: Customer, name: Name) -> Response[Any]:
        return answers.ping(customer, name, actor())

    @app.get(
        f"{one}/handover",
        operation_id="handover",
        summary="Return what the customer deploys to receive events",
        responses=_ok(errors, 200, model=HandoverModel),
    )
    def handover(customer: Customer, name: Name, form: Annotated[Form, Query(alias="as")]) -> Response[Any]:
        return answers.handover(customer, name, form)

    @app.post(
        "/v1/customers/<customer>/links",
        operation_id="createLink",
        summary="Return a link to the customer's page",
        responses=_ok(errors, 200, model=Link),
    )
    def create_link(customer: Customer, body: Annotated[LinkRequest, Body()]) -> Response[Any]:
        if access is None:
            detail = "The relay has no page for customers: add [destinations.page] to relay.toml, and deploy."
            raise ControlError(409, "no-page", detail)
        url, expires_at = access.create_link(body.grant(customer), page_url, actor())
        # The answer is a credential: nothing on the way may keep it.
        return Response(200, JSON, Link(url=url, expires_at=expires_at), headers={"Cache-Control": "no-store"})

    @app.delete(
        "/v1/customers/<customer>/links",
        operation_id="revokeLinks",
        summary="End every link and session of a customer",
        responses=_ok(errors, 204),
    )
    def revoke_links(customer: Customer) -> Response[None]:
        control.revoke_access(customer, actor())
        return Response(204, None, None)

    add_handlers(app, with_cause=True)
    return app


def resolve(app: APIGatewayHttpResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the answer to one request. What is too large, or no JSON, is refused before it is parsed.

    So is a request whose caller API Gateway has not authenticated: that cannot come by the deployed API.
    """
    if not _iam(event).get("userArn"):
        return plain_problem(ControlError(403, "not-authenticated", "The request is not signed."), event)
    if refusal := refuse_body(event) or refuse_json(event):
        return plain_problem(refusal, event)
    answer = app.resolve(event, context)
    return {**answer, "body": answer.get("body") or ""}  # null is no body in API Gateway's documents


def internal_error(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that raised an error nobody expected."""
    return plain_problem(ControlError(500, "internal", "The control API failed. Try again."), event)


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
    for path in document["paths"].values():
        for operation in path.values():  # Powertools gives each answer a content, also one without a body
            operation["responses"].get("204", {}).pop("content", None)
    return document


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

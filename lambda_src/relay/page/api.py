"""What the customer's page does: the operations of the control API, for the one customer of the session.

Nobody has authenticated these requests before. Customer, scope and actor come from the session's token alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query

from relay.catalog.event_type import EventType
from relay.config.customer_page import Page
from relay.control.answers import Answers
from relay.control.errors import ControlError
from relay.control.grant import Grant, Scope
from relay.control.models import DestinationModel, Discard, HandoverModel, Name, Pong, ReleaseRequest, WantedByCustomer
from relay.control.page_access import PageAccess, actor_on_page
from relay.control.problems import add_handlers, header, plain_problem, refuse_body, refuse_json, unavailable
from relay.control.service import Control
from relay.control.wanted import Precondition
from relay.handover.render import Form
from relay.page.models import Destinations, DetailType, Session, SessionRequest, Settings, shown_on_page

ROOT = "/page/v1"
SESSION_PATH = f"{ROOT}/session"
_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class PageContent:
    """What the page shows beside destinations: `page`, the Regions, and the detail-type of the test event.

    `hold` and `settle` are in seconds, a `hold` of None if nothing waits; `catalog` has the event types.
    """

    page: Page
    regions: tuple[str, ...]
    ping: str
    hold: int | None
    settle: int
    catalog: tuple[EventType, ...]


@dataclass(frozen=True, slots=True)
class PageApi:
    """The operations, and who may ask for them."""

    app: APIGatewayHttpResolver
    access: PageAccess

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Return the answer to one request. Before anything is parsed, it has to have a session that may do it."""
        try:
            if refusal := refuse_body(event):
                raise refusal
            if _path(event) != SESSION_PATH:
                self._authorize(event)
            if refusal := refuse_json(event):
                raise refusal
        except ControlError as error:
            return plain_problem(error, event)
        except OSError:
            return plain_problem(unavailable(), event)
        answer: dict[str, Any] = self.app.resolve(event, context)
        return {**answer, "body": answer.get("body") or ""}

    def _authorize(self, event: Mapping[str, Any]) -> None:
        """Let the operation know the session. Raise ControlError 401 without one, 403 if it may only look."""
        scheme, token = header(event, "authorization").partition(" ")[::2]
        grant, expires_at = self.access.session(token if f"{scheme} " == _BEARER else "")
        if grant.scope is not Scope.MANAGE and event["requestContext"]["http"]["method"] != "GET":
            raise ControlError(HTTPStatus.FORBIDDEN, "read-only", "This session may look, and change nothing.")
        self.app.append_context(grant=grant, expires_at=expires_at)  # type: ignore[no-untyped-call]


def build(  # noqa: C901 - one function for each operation
    control: Control, access: PageAccess, content: PageContent
) -> PageApi:
    """Return the API of the page."""
    app = APIGatewayHttpResolver(enable_validation=True)
    answers = Answers(control, shown_on_page)

    def grant() -> Grant:
        found: Grant = app.context["grant"]
        return found

    def customer() -> str:
        return grant().customer

    def actor() -> str:
        return actor_on_page(grant())

    one = f"{ROOT}/destinations/<name>"

    @app.post(SESSION_PATH)
    def open_session(body: Annotated[SessionRequest, Body()]) -> Session:
        token, expires_at, granted = access.open_session(body.token)
        return Session(token=token, expires_at=expires_at, scope=granted.scope, return_url=granted.return_url)

    @app.get(f"{ROOT}/settings")
    def settings() -> Settings:
        expires_at: datetime = app.context["expires_at"]
        return Settings(
            title=content.page.title,
            logo=content.page.logo,
            color=content.page.color,
            customer=customer(),
            scope=grant().scope,
            actor=grant().actor,
            expires_at=expires_at,
            regions=list(content.regions),
            ping=content.ping,
            hold_seconds=content.hold,
            settle_seconds=content.settle,
            detail_types=[DetailType.of(event_type) for event_type in content.catalog],
        )

    @app.get(f"{ROOT}/destinations")
    def list_destinations() -> Destinations:
        return Destinations(destinations=[answers.model(found) for found in control.destinations(customer())])

    @app.get(one)
    def get(name: Name) -> Response[DestinationModel]:
        return answers.get(customer(), name)

    @app.put(one)
    def put(
        name: Name,
        wanted: Annotated[WantedByCustomer, Body()],
        if_match: Annotated[str, Header(max_length=128)] = "",
        if_none_match: Annotated[str, Header(max_length=8)] = "",
    ) -> Response[DestinationModel]:
        condition = Precondition.of_headers(if_match, if_none_match)
        return answers.put(customer(), name, wanted.wanted(), actor(), condition)

    @app.delete(one)
    def delete(name: Name, discard: Discard = False) -> Response[None]:  # noqa: FBT002 - a query parameter
        return answers.delete(customer(), name, actor(), discard=discard)

    @app.post(f"{one}/pause")
    def pause(name: Name) -> Response[DestinationModel]:
        return answers.pause(customer(), name, actor())

    @app.post(f"{one}/resume")
    def resume(name: Name) -> Response[DestinationModel]:
        return answers.resume(customer(), name, actor())

    @app.post(f"{one}/release")
    def release(name: Name, body: Annotated[ReleaseRequest | None, Body()] = None) -> Response[DestinationModel]:
        return answers.release(customer(), name, body.since if body else None, actor())

    @app.post(f"{one}/ping")
    def ping(name: Name) -> Response[Pong]:
        return answers.ping(customer(), name, actor())

    @app.get(f"{one}/handover")
    def handover(name: Name, form: Annotated[Form, Query(alias="as")]) -> Response[HandoverModel]:
        return answers.handover(customer(), name, form)

    add_handlers(app, with_cause=False)
    return PageApi(app, access)


def _path(event: Mapping[str, Any]) -> str:
    return str(event["rawPath"])

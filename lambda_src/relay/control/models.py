"""What the control API takes and gives, as types: the validation and the OpenAPI document come from them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from relay.control.grant import Grant, Scope
from relay.control.services import Held
from relay.control.wanted import MAX_DETAIL_TYPES, MAX_METADATA, Wanted
from relay.destinations.model import CUSTOMER, NAME, Destination
from relay.entry import MAX_DETAIL_TYPE, MAX_SOURCE

MAX_LIMIT = 100

Customer = Annotated[str, Path(pattern=f"^{CUSTOMER.pattern}$", description="Your own id of the customer.")]
Name = Annotated[str, Path(pattern=f"^{NAME.pattern}$", description="The name of the destination.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
NextToken = Annotated[str, Query(max_length=512, description="From the page before.")]
Discard = Annotated[bool, Query(description="Delete webhooks that wait, too.")]
Text = Annotated[str, StringConstraints(max_length=256)]


class WantedByCustomer(BaseModel):
    """What of a destination a customer decides: the body of a PUT on the customer's page."""

    model_config = ConfigDict(extra="forbid")

    aws_account_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
    aws_region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
    detail_types: list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_DETAIL_TYPE)]] = Field(
        default=["*"],
        min_length=1,
        max_length=MAX_DETAIL_TYPES,
        description="`*` at the end of one stands for the rest.",
    )
    description: Text = ""

    def wanted(self) -> Wanted:
        """Return it as the service takes it; the metadata that are there stay."""
        return Wanted(
            self.aws_account_id, self.aws_region, tuple(self.detail_types), self.description, keep_metadata=True
        )


class WantedDestination(WantedByCustomer):
    """The body of a PUT."""

    metadata: dict[Annotated[str, StringConstraints(max_length=64)], Text] = Field(
        default={}, max_length=MAX_METADATA, description="Texts of your own."
    )
    source: Annotated[str, StringConstraints(max_length=MAX_SOURCE)] = Field(
        default="", description="An existing partner event source to adopt; it cannot be changed."
    )

    def wanted(self) -> Wanted:
        """Return it as the service takes it."""
        return Wanted(
            self.aws_account_id,
            self.aws_region,
            tuple(self.detail_types),
            self.description,
            dict(self.metadata),
            self.source,
        )


class HeldCount(BaseModel):
    """How many webhooks wait; `at_least` if not all of them were counted."""

    webhooks: int
    at_least: bool
    oldest_at: datetime | None
    as_of: datetime


class DestinationModel(BaseModel):
    """A destination. `held` is counted for one destination only, and null in lists."""

    type: Literal["eventbridge_partner"] = "eventbridge_partner"
    customer: str
    name: str
    aws_account_id: str
    aws_region: str
    source: str
    event_source_arn: str
    status: Literal["enabled", "paused", "disabled"]
    status_reason: str | None
    source_status: Literal["active", "pending", "missing", "unknown"]
    source_status_at: datetime | None
    was_active: bool
    expires_at: datetime | None
    holding: Literal["source-pending", "settling", "paused", "source-missing", "refused"] | None
    held: HeldCount | None
    detail_types: list[str]
    description: str
    metadata: dict[str, str]
    last_delivered_at: datetime | None
    last_error: str | None
    effective_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    updated_by: str
    console_url: str


class DestinationList(BaseModel):
    """A page of destinations; `next_token` is null on the last one."""

    destinations: list[DestinationModel]
    next_token: str | None


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is before the year 1 or after the year 9999 in UTC") from error


class ReleaseRequest(BaseModel):
    """With `since`, what was received at or after it is sent once more."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None


# Controls, what turns the direction of a text, and what is not seen: in the audit nobody looks like somebody else.
_UNSEEN = r"\x00-\x1f\x7f-\x9f\xad" + "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"


class LinkRequest(BaseModel):
    """For whom a link is, and what it may be used for."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Field(description="Whether the page changes destinations, or only shows them.")
    actor: Annotated[str, StringConstraints(pattern=f"^[^{_UNSEEN}]{{1,128}}$")] = Field(
        description="Who opens the page, such as a user's e-mail address: each change on it is audited by that name."
    )
    return_url: Annotated[
        str,
        StringConstraints(pattern=r"^(https://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?([/?#][!-~]{0,512})?)?$"),
    ] = Field(default="", description="An https URL of yours to which the page leads back.")

    def grant(self, customer: str) -> Grant:
        """Return it as the token has it."""
        return Grant(customer, self.scope, self.actor, self.return_url)


class Link(BaseModel):
    """A link to the customer's page: whoever has it is let in until it expires."""

    url: str
    expires_at: datetime


class Pong(BaseModel):
    """The EventBridge id of the test event."""

    event_id: str


class HandoverModel(BaseModel):
    """The content of a template, a script or a page of steps."""

    text: str


class Deleted(BaseModel):
    """How many destinations are gone."""

    destinations: int


class Problem(BaseModel):
    """An RFC 9457 problem; `code` is for programs, `field` what was wrong."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str


def destination_model(
    found: Destination, held: Held | None, now: datetime, effective_at: datetime | None
) -> DestinationModel:
    """Return a destination as the API gives it."""
    count = (
        HeldCount(webhooks=held.webhooks, at_least=held.at_least, oldest_at=held.oldest_at, as_of=now) if held else None
    )
    state = found.state
    return DestinationModel(
        customer=found.customer,
        name=found.name,
        aws_account_id=found.aws_account_id,
        aws_region=found.aws_region,
        source=found.source,
        event_source_arn=f"arn:aws:events:{found.aws_region}::event-source/{found.source}",
        status=found.status.value,
        status_reason=found.status_reason or None,
        source_status=state.source_status.value,
        source_status_at=state.source_status_at,
        was_active=state.was_active,
        expires_at=state.expires_at,
        holding=found.holding.value if found.holding else None,
        held=count,
        detail_types=list(found.detail_types),
        description=found.description,
        metadata=dict(found.metadata),
        last_delivered_at=state.last_delivered_at,
        last_error=state.last_error or None,
        effective_at=effective_at,
        created_at=found.created_at,
        updated_at=found.updated_at,
        updated_by=found.updated_by,
        console_url=f"https://{found.aws_region}.console.aws.amazon.com/events/home?region={found.aws_region}#/partners",
    )

"""What the customer's page takes and gives, beside the destinations of the control API."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from relay.catalog.event_type import EventType
from relay.control.grant import Scope
from relay.control.models import DestinationModel
from relay.control.page_tokens import MAX_TOKEN_CHARACTERS

PROVIDER = "provider"
"""Who made a change that was not made on the page: the ARN behind it is no concern of the customer."""


class SessionRequest(BaseModel):
    """The token of a link."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, StringConstraints(max_length=MAX_TOKEN_CHARACTERS)]


class Session(BaseModel):
    """A session of the page; `return_url` is where it leads back to, empty for nowhere."""

    token: str
    expires_at: datetime
    scope: Scope
    return_url: str


class DetailType(BaseModel):
    """One kind of event that the customer may ask for; `sample` is a detail, `deprecated` a day that may be to come."""

    detail_type: str
    description: str
    deprecated: date | None
    sample: dict[str, Any]

    @classmethod
    def of(cls, event_type: EventType) -> "DetailType":
        """Return what the catalog says of an event type."""
        return cls(
            detail_type=event_type.detail_type,
            description=event_type.description,
            deprecated=event_type.deprecated,
            sample=dict(event_type.sample),
        )


class Settings(BaseModel):
    """What the page shows beside the destinations. A `hold_seconds` of null: nothing waits.

    After `settle_seconds` delivery begins by itself.
    """

    title: str
    logo: str
    color: str
    customer: str
    scope: Scope
    actor: str
    expires_at: datetime
    regions: list[str]
    ping: str
    hold_seconds: int | None
    settle_seconds: int
    detail_types: list[DetailType]


class Destinations(BaseModel):
    """All destinations of the customer."""

    destinations: list[DestinationModel]


def shown_on_page(model: DestinationModel) -> DestinationModel:
    """Return a destination as the customer may see it: without the SaaS's own metadata and its callers' ARNs."""
    by = model.updated_by
    return model.model_copy(update={"metadata": {}, "updated_by": by if by.startswith("page:") else PROVIDER})

"""A destination: one customer's connection to an AWS account, its partner event source, and what becomes of an entry.

What somebody wants (`status`) and what AWS says (`source_status`) are two things: a paused destination may have an
active source, and an enabled one a source that nobody has attached a bus to.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CUSTOMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
MAX_DESTINATIONS = 20
"""Of one customer: each entry is put once for each of them."""


class Status(StrEnum):
    """What somebody wants."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why a destination is disabled."""

    NEVER_ATTACHED = "never-attached"
    REFUSED = "refused"


class SourceStatus(StrEnum):
    """What AWS said at the last look; UNKNOWN until the first."""

    ACTIVE = "active"
    PENDING = "pending"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Holding(StrEnum):
    """Why entries wait instead of being put."""

    SOURCE_PENDING = "source-pending"
    SETTLING = "settling"
    PAUSED = "paused"
    SOURCE_MISSING = "source-missing"
    REFUSED = "refused"


class Disposition(StrEnum):
    """What becomes of an entry."""

    PUT = "put"
    HOLD = "hold"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of the destination's source. All times are aware.

    `settling_since` is set from the look that first saw the source active until delivery starts: a bus exists before
    its rules do. `refused_at` is set while EventBridge refuses entries of a source that looks active. `releasing_at` is
    set while held entries are being released: when that last made progress; `emptied_at` since nothing is left;
    `restoring_since` is from when on what was released still has to be held once more, to be sent again.
    What was put from `dropped_since` to `dropped_until` may have been dropped, and is still to be held again;
    `recovery` says how far that came.
    `was_active` is whether this source has been active since it was created, and `recreated` whether it was created
    again: both decide what happens when it is gone.
    """

    source_status: SourceStatus = SourceStatus.UNKNOWN
    source_status_at: datetime | None = None
    settling_since: datetime | None = None
    was_active: bool = False
    expires_at: datetime | None = None
    missing_since: datetime | None = None
    recreated: bool = False
    refused_at: datetime | None = None
    refusals: int = 0
    releasing_at: datetime | None = None
    emptied_at: datetime | None = None
    restoring_since: datetime | None = None
    dropped_since: datetime | None = None
    dropped_until: datetime | None = None
    recovery: str = ""
    last_delivered_at: datetime | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """One connection of a customer. It owns exactly one partner event source; `id` is never used again.

    `version` counts the changes of the configuration (not those of `state`): with `id` it is the ETag.
    `deleting` is the tombstone: the destination is gone for everybody but the reconciler, which finishes the deletion.
    """

    customer: str
    name: str
    id: str
    aws_account_id: str
    aws_region: str
    source: str
    detail_types: tuple[str, ...] = ("*",)
    status: Status = Status.ENABLED
    status_reason: str = ""
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    updated_by: str = ""
    version: int = 1
    deleting: bool = False
    state: SourceState = SourceState()

    @property
    def label(self) -> str:
        """Return `c42/prod`: what people, logs and answers call it."""
        return f"{self.customer}/{self.name}"

    @property
    def etag(self) -> str:
        """Return the entity tag of the configuration, with its quotes."""
        return f'"{self.id}-{self.version}"'

    @property
    def holding(self) -> Holding | None:
        """Return why entries wait, or None if they are put."""
        if self.status is Status.PAUSED:
            return Holding.PAUSED
        match self.state.source_status:
            case SourceStatus.MISSING:
                return Holding.SOURCE_MISSING
            case SourceStatus.PENDING | SourceStatus.UNKNOWN:
                return Holding.SOURCE_PENDING
        if self.state.settling_since:
            return Holding.SETTLING
        return Holding.REFUSED if self.state.refused_at else None

    def disposition(self, *, hold: bool) -> Disposition:
        """Return what becomes of an entry that this destination wants; `hold` is whether relay.toml lets entries wait.

        Without holding, an entry is put whatever the source's status is, and EventBridge drops it while nobody listens.
        """
        if self.status is Status.DISABLED:
            return Disposition.DISABLED
        if not hold:
            return Disposition.DISABLED if self.status is Status.PAUSED else Disposition.PUT
        return Disposition.HOLD if self.holding else Disposition.PUT

    def wants(self, detail_type: str) -> bool:
        """Return whether the customer subscribed to this detail-type."""
        return is_subscribed(self.detail_types, detail_type)


def is_subscribed(patterns: Iterable[str], detail_type: str) -> bool:
    """Return whether one of `patterns` is the detail-type, or its beginning followed by `*`."""
    return any(
        detail_type.startswith(pattern[:-1]) if pattern.endswith("*") else detail_type == pattern
        for pattern in patterns
    )

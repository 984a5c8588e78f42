"""`[destinations]`: the keys of relay.toml about customers' destinations, and their values."""

from typing import NamedTuple

from relay.config.customer_page import PAGE_FIELDS, Page
from relay.config.field import DURATION, NUMBER, TABLE, TEXT, TEXTS, Field
from relay.entry import MAX_DETAIL_TYPE

NEVER = "never"
_LONGEST_HOLD_SECONDS = 30 * 86400

DESTINATION_FIELDS = (
    Field(
        "cache",
        DURATION,
        "How long a function may go on with the destinations of a customer that it has read.",
        "30 s",
        minimum="1 s",
        maximum="10 min",
    ),
    Field(
        "hold",
        DURATION,
        'How long entries wait for a customer who cannot receive; "never": they are put, and EventBridge drops them.',
        "14 days",
        choices=(NEVER,),
        minimum="1 min",
        maximum="30 days",
    ),
    Field(
        "settle",
        DURATION,
        "How long entries go on being held after a source is first seen active: the bus exists before its rules do.",
        "10 min",
        minimum="0 s",
        maximum="1 day",
    ),
    Field(
        "release_rate",
        NUMBER,
        "How many held entries are released in a second, for each destination.",
        100,
        minimum=1,
        maximum=1000,
    ),
    Field(
        "callers",
        TEXTS,
        "The IAM roles of other AWS accounts that may use the control API.",
        pattern=r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}",
        expected="expected the ARN of an IAM role",
        example=["arn:aws:iam::111111111111:role/backend"],
    ),
    Field(
        "ping",
        TEXT,
        "The detail-type of the test event.",
        "Ping",
        pattern=rf"[ -~]{{1,{MAX_DETAIL_TYPE}}}",
        expected=f"expected 1 to {MAX_DETAIL_TYPE} printable characters",
    ),
    Field(
        "page",
        TABLE,
        "The page on which a customer connects and looks after their own destinations; not deployed without it.",
        fields=PAGE_FIELDS,
    ),
)


class Destinations(NamedTuple):
    """`[destinations]`. `cache`, `hold` and `settle` are in seconds, `release_rate` in entries a second.

    With a `hold` of None nothing waits: entries are put whatever the source's state is. `page` is None if customers
    have no page.
    """

    cache: int = 30
    hold: int | None = 14 * 86400
    settle: int = 600
    release_rate: int = 100
    callers: tuple[str, ...] = ()
    ping: str = "Ping"
    page: Page | None = None

    @property
    def longest_hold(self) -> int:
        """Return for how many seconds an entry may be held; with a `hold` of None, one that was held before it."""
        return _LONGEST_HOLD_SECONDS if self.hold is None else self.hold

"""`[archive]`: the keys of relay.toml about the archive of webhooks."""

from typing import NamedTuple

from relay.config.field import DURATION, Field

ARCHIVE_FIELDS = (
    Field(
        "keep",
        DURATION,
        "For how long each authentic webhook is kept, to be sent again or compared.",
        "14 days",
        minimum="1 day",
        maximum="365 days",
    ),
)


class Archive(NamedTuple):
    """`[archive]`. `keep` is in seconds."""

    keep: int = 14 * 86400

"""An event type of the catalog, and a whole event of it as a customer receives one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

SAMPLE_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class EventType:
    """What is said of one detail-type.

    `sample` is a detail, and `schema` a JSON Schema of details. `deprecated` may be a day to come.
    """

    detail_type: str
    description: str
    since: date
    deprecated: date | None
    sample: Mapping[str, Any]
    schema: Mapping[str, Any]

    def sample_event(self, *, source: str, account: str, region: str, time: datetime) -> dict[str, Any]:
        """Return the sample as the whole event that a customer's rule gets: `account` and `region` are the customer's.

        It has every field that TestEventPattern asks for.
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
        """
        return {
            "version": "0",
            "id": SAMPLE_ID,
            "detail-type": self.detail_type,
            "source": source,
            "account": account,
            "time": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [],
            "detail": dict(self.sample),
        }

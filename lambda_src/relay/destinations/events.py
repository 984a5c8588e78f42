"""Operational events: what happens to destinations, for those who operate the relay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OperationalEvent:
    """An event of the relay's own: its detail-type and its detail."""

    detail_type: str
    detail: Mapping[str, Any]

"""The log lines and metrics of the look at the partner event sources."""

from collections import Counter
from collections.abc import Sequence

from relay.telemetry import MAX_TEXT, Metric, count, logger


def record_source_states(states: Sequence[str], expiring: Sequence[str], vanished: Sequence[str]) -> None:
    """Write one log line and the metrics for the partner event sources: states, and which expire or are gone."""
    counts = Counter(states)
    names = {"expiring": sorted(expiring), "vanished": sorted(vanished)}
    logger.info("sources", extra={"states": dict(counts), **names})
    count(Metric.SOURCES_PENDING, counts["PENDING"])
    count(Metric.SOURCES_ACTIVE, counts["ACTIVE"])
    count(Metric.SOURCES_DELETED, counts["DELETED"])
    count(Metric.SOURCES_EXPIRING, len(expiring))
    count(Metric.SOURCES_VANISHED, len(vanished))


def record_lost_memory(why: str) -> None:
    """Log that the memory of the last run cannot be read: what vanished since then is unknown."""
    logger.error("memory_lost", extra={"reason": why[:MAX_TEXT]})

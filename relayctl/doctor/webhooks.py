"""When each route last relayed a webhook, and whether its entries still find customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.config.route import Route
from relayctl.doctor.finding import Check, Finding, Unread, not_checked, ok, wrong
from relayctl.doctor.queues import duration

RELAYED = "WebhooksRelayed"
ACCEPTED = "EntriesAccepted"
FOUND = (ACCEPTED, "EntriesQueued", "EntriesQueuedForDelivery", "EntriesHeld", "EntriesDeadLettered", "EntriesDisabled")
"""The entries that are for a destination, whatever became of them."""
LOST = ("EntriesUnsubscribed", "EntriesWithoutCustomer")
"""The entries that are for nobody."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

Series = Mapping[str, Sequence[tuple[datetime, float]]]
"""The sums of each metric of one route, with the minute that each belongs to, in any order."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a route had within a day: the last webhook, and the entries of the last hour and of the time before."""

    last_webhook: datetime | None
    accepted_before: bool
    found_lately: bool
    lost_lately: bool

    @property
    def lost_its_customers(self) -> bool:
        """Return whether entries were accepted, and for an hour every entry has been for nobody."""
        return self.accepted_before and self.lost_lately and not self.found_lately


def metrics_of(route: Route) -> tuple[str, ...]:
    """Return the metrics that the check needs of a route."""
    return (RELAYED, *FOUND, *LOST) if route.customer else (RELAYED,)


def traffic(series: Series, now: datetime) -> Traffic:
    """Return what a day's metrics of a route say."""

    def happened(names: Sequence[str], after: datetime, before: datetime) -> bool:
        return any(after <= at < before and value > 0 for name in names for at, value in series.get(name, ()))

    end, hour_ago = now + HOUR, now - HOUR
    return Traffic(
        last_webhook=max((at for at, value in series.get(RELAYED, ()) if value > 0), default=None),
        accepted_before=happened([ACCEPTED], now - DAY, hour_ago),
        found_lately=happened(FOUND, hour_ago, end),
        lost_lately=happened(LOST, hour_ago, end),
    )


def check_webhooks(routes: Sequence[Route], readings: Mapping[str, Traffic] | Unread, now: datetime) -> list[Finding]:
    """Return a finding for each route: a route that nobody posts to is quiet, and not wrong."""
    if isinstance(readings, Unread):
        return [not_checked(Check.WEBHOOKS, "", readings)]
    return [_check(route, readings[route.name], now) for route in routes]


def _check(route: Route, found: Traffic, now: datetime) -> Finding:
    if found.lost_its_customers:
        customer = route.customer.text if route.customer else ""
        message = "for an hour no entry has found a destination, and before that some did"
        action = f"look whether {customer} is still your own id of a customer, and at relayctl destinations list"
        return wrong(Check.WEBHOOKS, route.name, message, action)
    if not found.last_webhook:
        return ok(Check.WEBHOOKS, "none within a day", route.name)
    seconds = max(0.0, (now - found.last_webhook).total_seconds())
    return ok(Check.WEBHOOKS, f"the last one {duration(seconds)} ago", route.name)

"""Put the entries of a webhook for the first time, or leave that to the delivery queue."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from relay.config.route import Route
from relay.delivery import error_codes
from relay.delivery.deliver import Budget, budget, deliver, leave_to_queue
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.pipeline.services import Services


def put_or_leave(
    route: Route, entries: Sequence[Entry], services: Services, seconds_left: Callable[[], float]
) -> list[Outcome]:
    """Return the outcome of each entry, in order. What has failed is to be stored, whatever it failed with."""
    if route.is_queued:
        return leave_to_queue(entries, services.config.partner, error_codes.QUEUED)
    outcomes = _put(route, entries, services, budget(route.retry_for, seconds_left()))
    if route.failover_region:
        _fail_over(route, entries, outcomes, services, seconds_left)
    return outcomes


def _put(route: Route, entries: Sequence[Entry], services: Services, budget: Budget) -> list[Outcome]:
    """Return the outcome of each entry, in order. What is for a Region whose circuit is open is not sent."""
    partner, breaker = services.config.partner, services.circuit_breaker
    away = breaker.open_regions()
    sending = [entry for entry in entries if entry.region not in away] if away else entries
    send = breaker.watch(services.send, route.retry_for)
    sent = deliver(sending, send, budget, partner=partner, max_request_bytes=services.config.limits.request)
    if not away:
        return sent
    left = [entry for entry in entries if entry.region in away]
    kept = leave_to_queue(left, partner, error_codes.CIRCUIT_OPEN, "EventBridge in this Region has just failed")
    outcomes = {True: iter(kept), False: iter(sent)}
    return [next(outcomes[entry.region in away]) for entry in entries]


def _fail_over(
    route: Route,
    entries: Sequence[Entry],
    outcomes: list[Outcome],
    services: Services,
    seconds_left: Callable[[], float],
) -> None:
    """Put to the failover Region, without trying again, what its own has not taken; note in `outcomes` what it said."""
    region = route.failover_region
    failed = {
        index: outcome
        for index, outcome in enumerate(outcomes)
        if isinstance(outcome, Failed) and error_codes.is_of_service(outcome)
    }
    moved = [replace(entries[index], region=region) for index in failed]
    for index, outcome in zip(failed, _put(route, moved, services, budget(0, seconds_left())), strict=True):
        attempts = failed[index].attempts + outcome.attempts
        if isinstance(outcome, Accepted):
            outcomes[index] = replace(outcome, attempts=attempts, region=region)
        else:
            outcomes[index] = replace(failed[index], attempts=attempts)

"""One rehearsal: every step in each Region, then the questions, then everything is taken away."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from relay.catalog.event_type import EventType
from relay.errors import CannotSign, MappingError, Rejected
from relayctl.control import ControlApiError
from relayctl.rehearsal import cleaning, questions
from relayctl.rehearsal.evidence import Rehearsal
from relayctl.rehearsal.place import Place
from relayctl.rehearsal.steps import STEPS
from relayctl.walk import Result, Step, UnexpectedError, take

FAILURES = (ControlApiError, ClientError, BotoCoreError, httpx.HTTPError, CannotSign, MappingError, Rejected)
CLEAN_UP = "clean-up"
Say = Callable[[str], None]


def rehearse(places: Sequence[Place], catalog: Sequence[EventType], say: Say, *, local: bool) -> Rehearsal:
    """Take every step in each Region and return what was shown. What was made is deleted, however the walk ends."""
    began, results = datetime.now(UTC), list[Result]()
    first = places[0]
    found: dict[str, dict[str, str]] = {}
    try:
        for step in STEPS:
            for place in places:
                _take(step, place, results, say, local=local)
        say("asking what only AWS can answer")
        found |= {place.region: questions.answers(place) for place in places}
    finally:
        for place in places:
            _take(Step(CLEAN_UP, "nothing of the rehearsal is left", clean_up), place, results, say, local=local)
    return Rehearsal(
        id=first.id,
        began=began,
        relay=first.relay,
        local=local,
        publisher=first.publisher,
        consumer=first.customer.id,
        regions=[place.region for place in places],
        catalog=catalog,
        steps=STEPS,
        results=results,
        samples=first.samples,
        answers=found,
    )


def clean_up(place: Place) -> str:
    """Delete what this rehearsal has made; the first Region deletes the customers of all."""
    customers = cleaning.clean_up_customers(place.api, place.id)
    left = cleaning.clean_up_region(place.relay.partner, place.partner, place.customer, place.id)
    still = cleaning.clean_up_region(place.relay.partner, place.partner, place.customer, place.id)
    if still:
        raise UnexpectedError(f"still there: {', '.join(still)}")
    return f"deleted {len(customers)} customers, and {len(left)} sources, buses and queues"


def _take(step: Step[Place], place: Place, results: list[Result], say: Say, *, local: bool) -> None:
    say(f"{place.region} {step.name}: {step.expected}")
    result = take(step, place, place.region, results, FAILURES, local=local)
    results.append(result)
    say(f"    {result.status} ({result.seconds:.0f} s): {result.seen}")

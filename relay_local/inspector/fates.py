"""Follow each entry of a webhook: what the answer said of it, what the delivery log said later, when it arrived.

The delivery log (docs/reference/metrics-and-logs.md#the-delivery-log) knows an entry by its route, the sender's id of
the webhook and its place in it. Two webhooks may have the same id, such as one and its replay: what is logged is
then of the older one that waits. What `relayctl replay` sends again is of the one that was sent again least often.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

MAX_ENTRIES = 50_000
"""How many entries are followed; those of the oldest webhooks are forgotten first."""

RESULTS = ("held", "queued", "dead_lettered", "disabled", "unsubscribed", "without_customer")
ACCEPTED_LATER = {"redelivered", "released", "replayed"}
WAITING = ("redriven", "queued", "held", "dead_lettered")
"""Where an entry may be when the functions log it again; a dead letter only if a command has redriven it."""
REDRIVEN, DISCARDED, DELIVERED, REPLAYED = "redriven", "discarded", "delivered", "replayed"

WebhookId = tuple[str, str]
"""The route's name and the sender's id."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of an entry at `at`, in epoch seconds.

    `attempts` is how often it had been put, 0 if nobody knows; `replay` the replay that sent it again.
    """

    at: float
    result: str
    event_id: str = ""
    error_code: str = ""
    attempts: int = 0
    replay: str = ""

    @property
    def state(self) -> str:
        """Return where the entry is since then."""
        return "accepted" if self.result in ACCEPTED_LATER else self.result


@dataclass(slots=True)
class _Webhook:
    id: WebhookId
    entries: dict[int, list[Step]]


class Fates:
    """The steps of the entries of the latest webhooks, each known by the number of its capture."""

    def __init__(self) -> None:
        self._webhooks: dict[int, _Webhook] = {}
        self._by_id: dict[WebhookId, list[int]] = {}
        self._by_event: dict[str, tuple[int, int]] = {}
        self._number = 0

    def answered(
        self,
        number: int,
        webhook_id: WebhookId,
        results: Sequence[Any],
        at: float,
        arrived: Callable[[str], float | None],
    ) -> None:
        """Begin to follow a webhook by what its answer says. `arrived` returns when an event reached the customer."""
        self._webhooks[number] = _Webhook(webhook_id, {})
        self._by_id.setdefault(webhook_id, []).append(number)
        for index, result in enumerate(results):
            if isinstance(result, dict):
                self._append(number, index, _step_of_answer(result, at))
                if (event_id := result.get("event_id")) and (then := arrived(event_id)):
                    self.arrived(event_id, then)
        while self._number > MAX_ENTRIES and len(self._webhooks) > 1:
            self.forget(next(iter(self._webhooks)))

    def logged(self, line: Mapping[str, Any], at: float, arrived: Callable[[str], float | None]) -> int | None:
        """Take a line of the delivery log. Return the number of the webhook whose entry has changed, or None."""
        webhook_id, index = (str(line.get("route")), str(line.get("webhook_id"))), line.get("index")
        if not isinstance(index, int):
            return None
        replay = str(line.get("replay") or "")
        candidates = self._replayed(webhook_id, index, replay) if replay else self.waiting(webhook_id, index, WAITING)
        if not candidates:
            return None
        number = candidates[0]
        result = str(line.get("result"))
        step = Step(
            at,
            REPLAYED if replay and result == "redelivered" else result,
            str(line.get("event_id") or ""),
            str(line.get("error_code") or ""),
            int(line.get("attempts") or 0),
            replay,
        )
        self._append(number, index, step)
        if step.event_id and (then := arrived(step.event_id)):
            self.arrived(step.event_id, then)
        return number

    def put(self, number: int, index: int, attempts: int) -> None:
        """Take from the log of the webhook itself how often an entry was put; its answer does not say it."""
        webhook = self._webhooks.get(number)
        if webhook and (steps := webhook.entries.get(index)):
            first = steps[0]
            steps[0] = Step(first.at, first.result, first.event_id, first.error_code, attempts)

    def arrived(self, event_id: str, at: float) -> int | None:
        """Note that an event has reached the customer. Return the number of its webhook, or None."""
        if event_id not in self._by_event:
            return None
        number, index = self._by_event.pop(event_id)
        self._append(number, index, Step(at, DELIVERED, event_id))
        return number

    def moved(self, number: int, index: int, result: str, at: float) -> None:
        """Note that a person has redriven or discarded an entry's dead letter."""
        self._append(number, index, Step(at, result))

    def waiting(self, webhook_id: WebhookId, index: int, states: Sequence[str]) -> list[int]:
        """Return the webhooks of this id whose entry is in one of `states`, in the order of these, the older first."""
        found = []
        for number in self._by_id.get(webhook_id, ()):
            entries = self._webhooks[number].entries
            # What could not be mapped, or addressed, was one result; it may become several entries later.
            if (steps := entries.get(index) or entries.get(0)) and steps[-1].state in states:
                found.append((states.index(steps[-1].state), number))
        return [number for _, number in sorted(found)]

    def _replayed(self, webhook_id: WebhookId, index: int, replay: str) -> list[int]:
        """Return the webhooks of this id with such an entry: what waits in this replay, then the least replayed."""

        def order(number: int) -> tuple[bool, int]:
            steps = self._webhooks[number].entries[index]
            goes_on = steps[-1].replay == replay and steps[-1].state in WAITING
            return not goes_on, len({step.replay for step in steps})

        numbers = [number for number in self._by_id.get(webhook_id, ()) if index in self._webhooks[number].entries]
        return sorted(numbers, key=order)

    def steps(self, number: int) -> dict[int, list[Step]]:
        """Return the steps of each entry by its place in the answer, oldest first."""
        webhook = self._webhooks.get(number)
        return webhook.entries if webhook else {}

    def counts(self, number: int) -> dict[str, int]:
        """Return how many entries are in which state now."""
        return dict(Counter(steps[-1].state for steps in self.steps(number).values()))

    def forget(self, number: int) -> None:
        """Follow a webhook no longer."""
        if webhook := self._webhooks.pop(number, None):
            self._by_id[webhook.id].remove(number)
            if not self._by_id[webhook.id]:
                del self._by_id[webhook.id]
            for steps in webhook.entries.values():
                self._number -= 1
                for step in steps:
                    self._by_event.pop(step.event_id, None)

    def _append(self, number: int, index: int, step: Step) -> None:
        entries = self._webhooks[number].entries
        self._number += index not in entries
        entries.setdefault(index, []).append(step)
        if step.event_id and step.result != DELIVERED:
            self._by_event[step.event_id] = (number, index)


def _step_of_answer(result: Mapping[str, Any], at: float) -> Step:
    """Return what an answer says of an entry (see relay/pipeline/responses.py)."""
    if event_id := result.get("event_id"):
        return Step(at, "accepted", str(event_id))
    name = next((name for name in RESULTS if result.get(name)), "unknown")
    return Step(at, name, error_code=str(result.get("error_code") or ""))


def later_steps(entries: Mapping[int, Sequence[Step]]) -> Iterator[tuple[Step, int]]:
    """Yield what happened to the entries after the answer, in order, and to how many of them in the same second."""
    steps = [step for each in entries.values() for step in each[1:]]
    key = lambda step: (int(step.at), step.result, step.error_code, step.replay)  # noqa: E731 - it sorts and groups
    for _, group in groupby(sorted(steps, key=key), key):
        same = list(group)
        yield min(same, key=lambda step: step.at), len(same)

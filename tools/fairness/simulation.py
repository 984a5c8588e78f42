"""Entries of many customers through the delivery queue, one of them noisy: how long those of the others wait.

Each batch goes through the relay's own `redeliver`; time is simulated. What is assumed of AWS stands in `Scenario`.
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from relay import config
from relay.aws.queue_messages import group_of
from relay.config.model import Config
from relay.delivery import message as letters
from relay.delivery.deliver import Budget
from relay.delivery.error_codes import QUEUED
from relay.delivery.undelivered import Queue as Place
from relay.entry import Accepted, Entry, Failed, Outcome
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline.results import Postponed
from relay.pipeline.retry import redeliver
from relay.pipeline.services import Services
from relay.pipeline.spoilers import Spoilers
from relay.pipeline.waiting import ReceivedMessage
from tools.fairness.queue import Message, Queue

PARTNER, REGION, NOISY = "aws.partner/acme.example", "us-east-1", "noisy"
RELAY_TOML = f"""
partner = "{PARTNER}"
regions = ["{REGION}"]
[[route]]
name = "orders"
path = "/orders"
delivery = "queued"
auth = {{ scheme = "standard-webhooks", secret = "acme/orders" }}
event = {{ source = "{PARTNER}/${{body.customer}}", detail_type = "a" }}
"""
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario:
    """`customers` with a `rate` of entries a second each, and one who sends `noisy_rate` and is refused with `refused`.

    `refuses_request`: EventBridge refuses every request in which there is an entry of that customer. `concurrency`,
    `batch` and `window` are those of the queue's event source mapping; a request to EventBridge takes `put_seconds`,
    one to SQS `store_seconds`.
    """

    customers: int = 100
    rate: float = 15
    noisy_rate: float = 0
    refused: str = ""
    refuses_request: bool = False
    fair: bool = True
    seconds: float = 10
    concurrency: int = 10
    batch: int = 20
    window: float = 1.0
    put_seconds: float = 0.1
    store_seconds: float = 0.01


@dataclass
class Result:
    """The seconds that each delivered entry has waited, by customer; how many were sent, and are in another queue."""

    sent: Counter[str] = field(default_factory=Counter)
    waits: dict[str, list[float]] = field(default_factory=dict)
    stored: dict[Place, int] = field(default_factory=dict)

    def others(self, quantile: float = 0.95) -> float:
        """Return a quantile of what the other customers' entries have waited."""
        waits = sorted(wait for customer, each in self.waits.items() if customer != NOISY for wait in each)
        return waits[int(quantile * (len(waits) - 1))]

    def delivered(self, customer: str) -> int:
        """Return how many entries of a customer have arrived."""
        return len(self.waits.get(customer, ()))


def simulate(scenario: Scenario, seed: int = 1) -> Result:
    """Return what happens until everything that was sent has left the queue."""
    return _Simulation(scenario, random.Random(seed)).run()  # noqa: S311 - for arrivals


class _Simulation:
    def __init__(self, scenario: Scenario, chance: random.Random) -> None:
        self._scenario, self._chance = scenario, chance
        self._config = config.parse(RELAY_TOML, "relay.toml")
        self._queue, self._result = Queue(scenario.fair), Result()
        self._now, self._spent, self._number = 0.0, 0.0, itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        # Each poller's batches are taken to be one function instance's.
        self._spoilers = [Spoilers(lambda: self._now) for _ in range(scenario.concurrency)]
        self._collecting: dict[int, list[Message]] = {poller: [] for poller in range(scenario.concurrency)}

    def run(self) -> Result:
        for at, customer in self._arrivals():
            self._later(at, lambda customer=customer: self._arrive(customer))  # type: ignore[misc]  # the default binds the loop's value
        while self._events:
            self._now, _, happen = heapq.heappop(self._events)
            happen()
        return self._result

    def _arrivals(self) -> Iterator[tuple[float, str]]:
        """Yield the times of every customer's entries: independent, at a constant rate."""
        scenario = self._scenario
        rates = {f"c{number}": scenario.rate for number in range(scenario.customers)}
        if scenario.noisy_rate:
            rates[NOISY] = scenario.noisy_rate
        for customer, rate in rates.items():
            at = self._chance.expovariate(rate)
            while at < scenario.seconds:
                yield at, customer
                at += self._chance.expovariate(rate)

    def _arrive(self, customer: str) -> None:
        origin = letters.Origin("orders", f"msg_{next(self._number)}", "2026-01-01T00:00:00Z")
        entry = Entry(START, f"{PARTNER}/{customer}", (), "a", "{}", REGION)
        letter = letters.Message(origin, entry, Failed(QUEUED, ""))
        self._result.sent[customer] += 1
        self._queue.send(Message(letter.text(), group_of(letter), self._now))
        self._poll()

    def _poll(self) -> None:
        """Let the pollers that have no full batch take what waits, in any order."""
        for poller in self._chance.sample(list(self._collecting), len(self._collecting)):
            if self._queue.is_empty:
                break
            batch = self._collecting[poller]
            is_first = not batch
            batch += self._queue.receive(self._scenario.batch - len(batch), self._now)
            if len(batch) == self._scenario.batch:
                self._invoke(poller, batch)
            elif batch and is_first:
                self._later(self._scenario.window, lambda poller=poller, batch=batch: self._close(poller, batch))  # type: ignore[misc]  # likewise

    def _close(self, poller: int, batch: list[Message]) -> None:
        """Invoke the function with what was collected within the window, unless that was full before."""
        if self._collecting.get(poller) is batch:
            self._invoke(poller, batch)

    def _invoke(self, poller: int, batch: list[Message]) -> None:
        del self._collecting[poller]
        self._spent, sent_at = 0.0, {each.text: each.sent_at for each in batch}
        received = [
            ReceivedMessage(each.text, each.receives, START + timedelta(seconds=each.sent_at)) for each in batch
        ]
        budget = Budget(0, 37, clock=lambda: self._spent, sleep=self._spend)
        results = redeliver(received, self._services(poller, sent_at), START + timedelta(seconds=self._now), budget)
        outcomes = list(zip(batch, results, strict=True))
        self._later(self._spent, lambda: self._end(poller, outcomes))

    def _end(self, poller: int, outcomes: Sequence[tuple[Message, object]]) -> None:
        for message, result in outcomes:
            if isinstance(result, Postponed):
                self._queue.hide(message, self._now + result.seconds)
                self._later(result.seconds, self._poll)
            else:
                self._queue.delete(message, self._now)
        self._collecting[poller] = []
        self._poll()

    def _services(self, poller: int, sent_at: dict[str, float]) -> Services:
        waiting: dict[str, list[float]] = {}
        for text, at in sent_at.items():
            source = letters.parse(text).content.source  # type: ignore[union-attr]  # all are entries
            waiting.setdefault(source, []).append(at)

        def send(entries: Sequence[Entry]) -> Sequence[Outcome]:
            self._spend(self._scenario.put_seconds)
            outcomes = self._put(entries)
            for entry, outcome in zip(entries, outcomes, strict=True):
                if isinstance(outcome, Accepted):
                    wait = self._now + self._spent - waiting[entry.source].pop(0)
                    self._result.waits.setdefault(entry.source.rpartition("/")[2], []).append(wait)
            return outcomes

        def store(queue: Place, stored: Sequence[letters.Message]) -> list[str | None]:
            if stored:
                self._spend(self._scenario.store_seconds)
                self._result.stored[queue] = self._result.stored.get(queue, 0) + len(stored)
            return [None] * len(stored)

        return _services(self._config, send, store, self._spoilers[poller])

    def _put(self, entries: Sequence[Entry]) -> list[Outcome]:
        noisy = [entry.source.endswith(f"/{NOISY}") for entry in entries]
        code = self._scenario.refused
        if code and self._scenario.refuses_request and any(noisy):
            return [Failed(code, "", is_of_request=True)] * len(entries)
        return [Failed(code, "") if code and is_noisy else Accepted("id") for is_noisy in noisy]

    def _spend(self, seconds: float) -> None:
        self._spent += seconds

    def _later(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._number), happen))


def _services(
    settings: Config,
    send: Callable[..., Sequence[Outcome]],
    store: Callable[..., list[str | None]],
    spoilers: Spoilers,
) -> Services:
    """Return the services of a function that is given only entries that need no bucket and no registry."""

    def nothing(*arguments: object) -> Any:
        raise AssertionError(arguments)

    return Services(
        config=settings,
        read_secret=nothing,
        refresh_secret=nothing,
        enroll=nothing,
        fetch=nothing,
        send=send,
        store=store,
        claim_checks=ClaimCheckStore(nothing, nothing, 0),
        idempotency=nothing,  # type: ignore[arg-type]  # no route has dedupe
        follow=lambda text: text,
        store_unreadable=nothing,
        postpone=nothing,
        jitter=lambda: 1.0,
        report=nothing,
        spoilers=spoilers,
    )

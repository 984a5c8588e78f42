"""Drills: webhooks come, a Region is lost and comes back, and each webhook is looked for by its number."""

import asyncio
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from tools.load.ledger import Tally, count
from tools.load.schedule import poisson
from tools.two_regions.name import Name, Resolver
from tools.two_regions.sender import KINDS, Kind, Sender, body_of, post, silence
from tools.two_regions.stacks import CONCURRENCY, REGIONS, Region, trust

SPACE = 10_000  # numbers of the webhooks of one drill
BEFORE = 3.0
"""Seconds for which both EventBridges refuse entries until the Region is lost, so that some wait in its queue."""


@dataclass(frozen=True)
class Pace:
    """Times in seconds: those of the name, of the senders, and the ranges in which chance chooses.

    `rate` is webhooks a second of each sender. `until` is how long after the Region is back webhooks go on coming.
    """

    check: float = 2.0
    ttl: float = 5.0
    timeout: float = 5.0
    rate: float = 1.5
    lost: tuple[float, float] = (4.0, 7.0)
    away: tuple[float, float] = (15.0, 19.0)
    until: float = 4.0


@dataclass(frozen=True)
class Plan:
    """What a seed makes of a pace: which Region is lost, when, for how long, and how long webhooks come."""

    seed: int
    region: str
    at: float
    away: float
    seconds: float


def plan(seed: int, pace: Pace) -> Plan:
    """Return the plan of a seed: each Region is lost as often as the other."""
    chance = random.Random(seed)  # noqa: S311 - times, not secrets
    at, away = chance.uniform(*pace.lost), chance.uniform(*pace.away)
    return Plan(seed, REGIONS[seed % len(REGIONS)], at, away, at + away + pace.until)


@dataclass
class Arrivals:
    """What the customer has received: how often each webhook, what is in the event, and in which Region."""

    tally: Tally = field(default_factory=Tally)
    regions: Counter[str] = field(default_factory=Counter)
    differing: set[int] = field(default_factory=set)
    """Webhooks of which two copies differ in more than the event's own id."""
    _details: dict[int, Any] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event."""
        number, content = event["detail"]["number"], [event["detail"], event["detail-type"], event["time"]]
        self.tally.add(number % SPACE)
        self.regions[event["region"]] += 1
        if self._details.setdefault(number, content) != content:
            self.differing.add(number)


@dataclass
class Drills:
    """Drills on the same two stacks, one after the other; a webhook's number says of which it is."""

    regions: Mapping[str, Region]
    pace: Pace
    _seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    _acknowledged: dict[int, Tally] = field(default_factory=dict)
    _arrivals: defaultdict[int, Arrivals] = field(default_factory=lambda: defaultdict(Arrivals))
    _kept: defaultdict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def warm_up(self, functions: int = CONCURRENCY) -> None:
        """Start so many functions in each Region: the first webhooks would wait for them, which nobody asks here."""
        asyncio.run(_warm_up(self.regions, functions))

    def run(self, seed: int) -> None:
        """Run the drill of a seed, until each webhook is answered or given up."""
        planned, began = plan(seed, self.pace), time.monotonic()
        run = _Run(self.regions, planned, self.pace)
        senders, silences = asyncio.run(run.run())
        acknowledged = self._acknowledged.setdefault(seed, Tally())
        for webhook in (each for sender in senders for each in sender.sent if each.answered is not None):
            acknowledged.add(webhook.number - seed * SPACE)
        answers = sum((sender.answers for sender in senders), Counter[int | str]())
        self._seen[seed] = {
            **asdict(planned),
            "webhooks": sum(len(sender.sent) for sender in senders),
            "given_up": sum(each.answered is None for sender in senders for each in sender.sent),
            "answers": {str(answer): number for answer, number in answers.items()},
            "waited": run.waited,
            "kinds": [_of_kind(kind, senders, silences, planned) for kind in KINDS],
            "took": time.monotonic() - began,
        }

    def settle(self, seconds: float) -> int:
        """Wait until the retry queues are empty, or so many seconds, and return how many messages are left."""
        deadline = time.monotonic() + seconds
        while (waiting := self._waiting()) and time.monotonic() < deadline:
            time.sleep(0.5)  # SQS tells nobody when a queue is empty
        return waiting

    def results(self) -> list[dict[str, Any]]:
        """Return what each drill has shown, and count what has arrived until now."""
        for region in self.regions.values():
            for number in region.dead_letters():
                self._kept[number // SPACE].add(number % SPACE)
            for event in region.customer.received():
                self._arrivals[event["detail"]["number"] // SPACE].take(event)
        return [self._result(seed) for seed in self._seen]

    def _result(self, seed: int) -> dict[str, Any]:
        arrivals = self._arrivals[seed]
        counted = count(self._acknowledged[seed], arrivals.tally, self._kept[seed])
        regions = {"regions": dict(arrivals.regions), "differing": len(arrivals.differing)}
        return {**self._seen[seed], **asdict(counted), **regions}

    def _waiting(self) -> int:
        return sum(region.waiting() for region in self.regions.values())


async def _warm_up(regions: Mapping[str, Region], functions: int) -> None:
    async with httpx.AsyncClient(verify=trust(regions), timeout=60) as client:
        for region in regions.values():
            posts = (post(client, region.url, f"msg_warm_{number}", body_of(0)) for number in range(functions))
            await asyncio.gather(*posts)


def _of_kind(kind: Kind, senders: Sequence[Sender], silences: Mapping[int, float], planned: Plan) -> dict[str, Any]:
    """Return what the senders of a kind saw, who are nearest to the Region that was lost."""
    indexes = [index for index, sender in enumerate(senders) if sender.kind == kind and sender.home == planned.region]
    sent = [webhook for index in indexes for webhook in senders[index].sent]
    return {
        "name": kind.name,
        "webhooks": len(sent),
        "given_up": sum(webhook.answered is None for webhook in sent),
        "silence": max(silences[index] for index in indexes),
        "longest": max((each.answered - each.due for each in sent if each.answered is not None), default=0.0),
        "tries": max(webhook.tries for webhook in sent),
    }


class _Run:
    """The part of a drill in which time passes. `waited` is how many entries were in the queue of what was lost."""

    def __init__(self, regions: Mapping[str, Region], planned: Plan, pace: Pace) -> None:
        self._regions, self._plan, self._pace = regions, planned, pace
        self.waited = 0
        self._name = Name({name: region.url for name, region in regions.items()})

    async def run(self) -> tuple[list[Sender], dict[int, float]]:
        """Return the senders, when each webhook is answered or given up, and the longest silence of each."""
        clock = asyncio.get_running_loop().time
        async with AsyncExitStack() as stack:
            context = trust(self._regions)

            async def client() -> httpx.AsyncClient:
                made = httpx.AsyncClient(verify=context, timeout=self._pace.timeout)
                return await stack.enter_async_context(made)

            checker = await client()
            checks = [asyncio.create_task(self._name.check(name, checker, self._pace.check)) for name in self._regions]
            senders = [self._sender(kind, home, await client(), clock) for home in self._regions for kind in KINDS]
            began, share = clock(), SPACE // len(senders)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lose())
                for index, sender in enumerate(senders):
                    times = poisson(self._pace.rate, self._plan.seconds, self._plan.seed * len(senders) + index)
                    group.create_task(sender.send(times, self._plan.seed * SPACE + index * share))
            for check in checks:
                check.cancel()
            await asyncio.gather(*checks, return_exceptions=True)
            ended = began + self._plan.seconds
            return senders, {index: silence(sender.sent, began, ended) for index, sender in enumerate(senders)}

    def _sender(self, kind: Kind, home: str, client: httpx.AsyncClient, clock: Any) -> Sender:
        ttl = self._pace.ttl if kind.keeps_to_ttl else math.inf
        resolver = Resolver(lambda: self._name.answer(home), ttl, clock)
        chance = random.Random(f"{self._plan.seed} {home} {kind.name}")  # noqa: S311 - times, not secrets
        return Sender(kind, home, resolver, self._name.urls, client, chance)

    async def _lose(self) -> None:
        """Lose the Region, and let it come back."""
        lost = self._regions[self._plan.region]
        await asyncio.sleep(self._plan.at - BEFORE)
        await self._refuse(on=True)
        await asyncio.sleep(BEFORE)
        await self._refuse(on=False)
        self.waited = await asyncio.to_thread(lost.waiting)
        lost.stop()
        try:
            await asyncio.sleep(self._plan.away)
        finally:
            lost.go_on()

    async def _refuse(self, *, on: bool) -> None:
        for region in self._regions.values():
            await asyncio.to_thread(region.refuse, on=on)

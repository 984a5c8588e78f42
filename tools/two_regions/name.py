"""One name for two Regions: health checks, what DNS answers because of them, and what a sender's resolver remembers.

Route 53 prefers a Region for each sender (latency routing), and gives the other while health checks say it is away.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

THRESHOLD = 3
"""Checks in a row that have to fail, or to succeed, until the answer changes: the default of Route 53."""


@dataclass
class Health:
    """What the checks of one Region have said."""

    is_healthy: bool = True
    _against: int = 0

    def note(self, *, succeeded: bool) -> None:
        """Note a check."""
        self._against = 0 if succeeded == self.is_healthy else self._against + 1
        if self._against == THRESHOLD:
            self.is_healthy, self._against = succeeded, 0


@dataclass
class Name:
    """The name in DNS. `urls` says where each Region takes webhooks."""

    urls: Mapping[str, str]
    health: dict[str, Health] = field(init=False)

    def __post_init__(self) -> None:
        """Believe every Region to be healthy."""
        self.health = {region: Health() for region in self.urls}

    def answer(self, preferred: str) -> str:
        """Return the Region that DNS answers to a sender who is nearest to `preferred`."""
        others = [region for region in self.urls if region != preferred]
        return next((region for region in (preferred, *others) if self.health[region].is_healthy), preferred)

    async def check(self, region: str, client: httpx.AsyncClient, every: float) -> None:
        """Check a Region every so many seconds, which an answer may take too, until the task is cancelled.

        Any answer will do, such as the 405 to a GET: a relay that has too much to do is not away.
        """
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await client.get(self.urls[region], timeout=every)
                self.health[region].note(succeeded=True)
            except httpx.TransportError:
                self.health[region].note(succeeded=False)
            await asyncio.sleep(max(0.0, began + every - clock()))


@dataclass
class Resolver:
    """What one sender knows of the name: an answer of DNS, for `ttl` seconds of `clock`; infinity: for ever."""

    ask: Callable[[], str]
    ttl: float
    clock: Callable[[], float]
    _answer: str = ""
    _until: float = 0

    def resolve(self) -> str:
        """Return the Region to which the sender sends now."""
        now = self.clock()
        if not self._answer or now >= self._until:
            self._answer, self._until = self.ask(), now + self.ttl
        return self._answer

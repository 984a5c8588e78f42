"""Senders of signed webhooks: each knows an address for a while, and tries again with the same webhook id."""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import httpx
from standardwebhooks import Webhook

from tools.two_regions.name import Resolver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of a sample
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds
SUCCESS = range(200, 300)
NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Kind:
    """How a sender behaves: whether it forgets an address after the TTL, and how often it sends a webhook at most."""

    name: str
    keeps_to_ttl: bool
    tries: int


PATIENT = Kind("keeps to the TTL, tries again", keeps_to_ttl=True, tries=10)
STUBBORN = Kind("ignores the TTL, tries again", keeps_to_ttl=False, tries=10)
ONCE = Kind("keeps to the TTL, never tries again", keeps_to_ttl=True, tries=1)
KINDS = (PATIENT, STUBBORN, ONCE)


@dataclass
class Sent:
    """A webhook: when it was due, and when it was answered 2xx, in seconds of the loop; `tries` counts requests."""

    number: int
    due: float
    answered: float | None = None
    tries: int = 0


@dataclass
class Sender:
    """One sender, and what became of its webhooks. `home` is the Region that is nearest to it."""

    kind: Kind
    home: str
    resolver: Resolver
    urls: Mapping[str, str]
    client: httpx.AsyncClient
    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    answers: Counter[int | str] = field(default_factory=Counter)

    async def send(self, times: Iterable[float], first: int) -> None:
        """Send a webhook at each of the times, in seconds from now, numbered from `first` on; wait for all of them."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.TaskGroup() as group:
            for number, at in enumerate(times, first):
                await asyncio.sleep(max(0.0, began + at - clock()))
                webhook = Sent(number, began + at)
                self.sent.append(webhook)
                group.create_task(self._deliver(webhook))

    async def _deliver(self, webhook: Sent) -> None:
        body = body_of(webhook.number)
        while webhook.tries < self.kind.tries:
            if webhook.tries:
                longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (webhook.tries - 1))
                await asyncio.sleep(self.chance.uniform(longest / 2, longest))
            webhook.tries += 1
            url = self.urls[self.resolver.resolve()]
            answer = await post(self.client, url, f"msg_{webhook.number:012}", body)
            self.answers[answer] += 1
            if answer in SUCCESS:
                webhook.answered = asyncio.get_running_loop().time()
                return


async def post(client: httpx.AsyncClient, url: str, webhook_id: str, body: str) -> int | str:
    """Post a webhook, signed now, and return the status of the answer, or NO_ANSWER."""
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(math.floor(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(webhook_id, now, body),
    }
    try:
        answer = await client.post(url, content=body, headers=headers)
    except httpx.TransportError:
        return NO_ANSWER
    return answer.status_code


def silence(sent: Iterable[Sent], began: float, ended: float) -> float:
    """Return the longest time between two moments in which none of a sender's webhooks was answered 2xx, in seconds."""
    answered = sorted(webhook.answered for webhook in sent if webhook.answered is not None)
    moments = [began, *(each for each in answered if began <= each <= ended), ended]
    return max(after - before for before, after in pairwise(moments))


def body_of(number: int) -> str:
    """Return what is in a webhook, the same each time that it is sent."""
    return json.dumps({"type": "order.created", "number": number, "timestamp": datetime.now(UTC).isoformat()})

"""Sends webhooks: as many as a system takes (closed loop), or at given times whatever it does (open loop)."""

import asyncio
import selectors
import ssl
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bench.events import SECRET
from tools.load import webhooks
from tools.load.connections import MOST, Pool
from tools.load.measured import Run

T = TypeVar("T")
LEAD = 0.1  # seconds
NO_ANSWER = "no answer"
PATIENCE = 60.0  # seconds after the last webhook was sent


@dataclass(frozen=True)
class Target:
    """Where webhooks go. `trust` is for https, `secret` is the route's."""

    url: str
    trust: ssl.SSLContext | None = None
    secret: str = SECRET

    def request(self, number: int) -> bytes:
        """Return the request of the webhook of that number."""
        parts = urlsplit(self.url)
        return webhooks.request(number, parts.path, parts.netloc, self.secret)

    def pool(self, most: int = MOST) -> Pool:
        """Return connections to it, so many at a time at most."""
        return Pool(self.url, self.trust, most)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop whose clock is exact to microseconds: that of epoll rounds each wait up to a millisecond."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(work)


async def open_loop(  # noqa: PLR0913 - by name
    target: Target,
    times: Iterable[float],
    first: int,
    *,
    seconds: float,
    connections: int = 0,
    most: int = MOST,
    patience: float = PATIENCE,
    at: float = 0,
) -> Run:
    """Send a webhook at each of the times, in seconds from the beginning, numbered from `first` on.

    So many `connections` are open before it begins, and `most` at a time. The beginning is `at`, in epoch seconds, so
    that several senders begin together; or as soon as connections are open.
    """
    loop, pool, waiting = asyncio.get_running_loop(), target.pool(most), dict[int, float]()
    await pool.warm(connections)
    measured = Run(seconds)
    begun, number = loop.time() + max(LEAD, at - time.time()), first
    for offset in times:
        due, request = begun + offset, target.request(number)
        await asyncio.sleep(max(0.0, due - loop.time()))
        measured.sent_late(loop.time() - due)
        waiting[number] = due
        pool.send(request, _taker(measured, waiting, number, loop))
        number += 1
    measured.offered, measured.backlog = (number - first) / seconds, len(waiting)
    deadline = loop.time() + patience
    while waiting and loop.time() < deadline:  # noqa: ASYNC110 - an event would cost each answer
        await asyncio.sleep(0.01)
    for due in waiting.values():
        measured.failed(NO_ANSWER, loop.time() - due)
    waiting.clear()
    await pool.close()
    return measured


async def closed_loop(target: Target, senders: int, seconds: float, first: int) -> Run:
    """Let so many senders each send the next webhook when the last one is answered, for a while."""
    loop, pool, numbers = asyncio.get_running_loop(), target.pool(), iter(range(first, 1 << 62))
    await pool.warm(senders)
    measured = Run(seconds)
    until = loop.time() + seconds

    async def sender() -> None:
        while loop.time() < until:
            number, answer = next(numbers), loop.create_future()
            begun = loop.time()
            pool.send(target.request(number), answer.set_result)
            what = await answer
            if isinstance(what, int):
                measured.answered(number, what, loop.time() - begun)
            else:
                measured.failed(what, loop.time() - begun)

    begun = loop.time()
    async with asyncio.TaskGroup() as group:
        for _ in range(senders):
            group.create_task(sender())
    measured.seconds = loop.time() - begun
    measured.offered = measured.webhooks / measured.seconds
    await pool.close()
    return measured


def _taker(measured: Run, waiting: dict[int, float], number: int, loop: asyncio.AbstractEventLoop) -> Any:
    def take(what: int | str) -> None:
        due = waiting.pop(number, None)
        if due is None:  # it was counted as unanswered already
            return
        if isinstance(what, int):
            measured.answered(number, what, loop.time() - due)
        else:
            measured.failed(what, loop.time() - due)

    return take

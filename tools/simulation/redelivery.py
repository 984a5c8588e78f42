"""The retry queue, and the invocations that deliver what waits in it."""

import heapq
import random
from collections import deque
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from partner_event_relay import capacity
from partner_event_relay.capacity import BATCH_SIZE
from relay.delivery.deliver import MAX_ENTRIES_PER_REQUEST
from relay.delivery.pace import REQUESTS_PER_SECOND
from relay.pipeline.waiting import backoff_seconds
from tools.simulation.model import EventBridge

Steps = Generator[simpy.Event, Any, None]
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MOST_IN_FLIGHT = 120_000
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
FIRST_POLLERS, POLLERS_PER_MINUTE = 5, 300
EMPTY_POLL_SECONDS = 0.2


class RetryQueue:
    """Messages, each known only by how often it was received. Those that are postponed count as in flight."""

    def __init__(self, most_in_flight: int = MOST_IN_FLIGHT) -> None:
        self._most = most_in_flight
        self._fresh = 0
        self._again: deque[int] = deque()
        self._hidden: list[tuple[float, int]] = []
        self._handled = 0
        self.delivered = self.receives = 0

    def __len__(self) -> int:
        """Return how many messages there are, whatever state they are in."""
        return self._fresh + len(self._again) + len(self._hidden) + self._handled

    def send(self, count: int = 1) -> None:
        """Add messages."""
        self._fresh += count

    def receive(self, now: float, count: int) -> list[int]:
        """Return up to `count` messages: for each, how often it has been received with this time."""
        while self._hidden and self._hidden[0][0] <= now:
            self._again.append(heapq.heappop(self._hidden)[1])
        count = min(count, self._most - len(self._hidden) - self._handled)
        old = [self._again.popleft() + 1 for _ in range(min(count, len(self._again)))]
        new = min(count - len(old), self._fresh)
        self._fresh -= new
        self._handled += len(old) + new
        self.receives += len(old) + new
        return old + [1] * new

    def delete(self, count: int) -> None:
        """Delete messages that were received."""
        self._handled -= count
        self.delivered += count

    def hide(self, now: float, receives: Sequence[int], jitter: random.Random) -> None:
        """Hide messages that were received, as the redeliver function does."""
        self._handled -= len(receives)
        for count in receives:
            heapq.heappush(self._hidden, (now + backoff_seconds(count, jitter.random()), count))


class Redelivery:
    """The event source mapping: pollers, each with one invocation of the redeliver function at a time."""

    def __init__(self, world: simpy.Environment, bus: EventBridge, queue: RetryQueue, pollers: int = 0) -> None:
        self._world, self._bus, self._queue = world, bus, queue
        self.puts: list[float] = []
        most = pollers or capacity.redelivery_concurrency(bus.parameters.quotas)
        for number in range(most):
            late = max(0, number + 1 - FIRST_POLLERS) * 60 / POLLERS_PER_MINUTE
            world.process(self._poll(late))

    def _poll(self, late: float) -> Steps:
        world, queue, parameters = self._world, self._queue, self._bus.parameters
        yield world.timeout(late)
        while True:
            messages = queue.receive(world.now, BATCH_SIZE)
            if not messages:
                yield world.timeout(EMPTY_POLL_SECONDS)
                continue
            yield world.timeout(parameters.receive * len(messages) / BATCH_SIZE + parameters.message * len(messages))
            sent = 0
            for start in range(0, len(messages), MAX_ENTRIES_PER_REQUEST):
                is_taken, seconds = self._bus.put(world.now)
                self.puts.append(world.now)
                yield world.timeout(max(seconds, 1 / REQUESTS_PER_SECOND))
                if not is_taken:  # nothing is retried within an invocation, and no other request begins
                    break
                sent = min(start + MAX_ENTRIES_PER_REQUEST, len(messages))
            queue.delete(sent)
            if sent < len(messages):
                queue.hide(world.now, messages[sent:], self._bus.rng)
                yield world.timeout(parameters.postpone)

"""A standard queue of SQS in memory, fair or not, by an injected clock."""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from relay_local.emulator.noisy_groups import Noise


@dataclass(slots=True)
class Message:
    """A message and its times, in seconds."""

    text: str
    group: str
    sent_at: float
    receives: int = 0
    received_at: float = 0.0


@dataclass
class Queue:
    """Messages by group. If it is not `fair`, the oldest is always the first."""

    fair: bool
    noise: Noise = field(default_factory=Noise)
    in_flight: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, deque[tuple[int, Message]]] = field(default_factory=dict)
    _hidden: list[tuple[float, int, Message]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=itertools.count)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        return not self._waiting

    def send(self, message: Message) -> None:
        """Put a message into the queue."""
        self.noise.sent(message.group, message.sent_at)
        self._add(message)

    def receive(self, count: int, now: float) -> list[Message]:
        """Return up to `count` messages, which are in flight from now on."""
        while self._hidden and self._hidden[0][0] <= now:
            message = heapq.heappop(self._hidden)[2]
            self.in_flight[message.group] -= 1
            self._add(message)
        found: list[Message] = []
        noisy = self.noise.noisy(self.in_flight, self._waiting.keys(), now) if self.fair else set()
        while len(found) < count and self._waiting:
            quiet = [group for group in self._waiting if group not in noisy]
            if quiet or not self.fair:
                group = min(quiet, key=lambda each: self._waiting[each][0][0])
            else:
                group = min(self._waiting, key=lambda each: self.in_flight[each])
            message = self._waiting[group].popleft()[1]
            if not self._waiting[group]:
                del self._waiting[group]
            message.receives, message.received_at = message.receives + 1, now
            self.in_flight[group] += 1
            found.append(message)
        return found

    def delete(self, message: Message, now: float) -> None:
        """Delete a message that is in flight."""
        self.in_flight[message.group] -= 1
        self.noise.processed(message.group, now - message.received_at, now)

    def hide(self, message: Message, until: float) -> None:
        """Let a message be in flight until then."""
        heapq.heappush(self._hidden, (until, next(self._number), message))

    def _add(self, message: Message) -> None:
        self._waiting.setdefault(message.group, deque()).append((next(self._number), message))

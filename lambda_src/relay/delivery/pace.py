"""The pace of redelivery: a backlog must not take the Region's quota from the webhooks that come meanwhile."""

import time
from collections.abc import Callable, Sequence

from relay.delivery.deliver import Send
from relay.entry import Entry, Outcome

REQUESTS_PER_SECOND = 40
"""Of one invocation of the redeliver function, at most. The stack derives from it how many there may be at once."""


def paced(send: Send, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> Send:
    """Return `send`, which then takes at least as long as `REQUESTS_PER_SECOND` demands, however fast the answer is.

    The wait comes after the request: the next one may be of another invocation, which knows nothing of this one.
    """

    def send_and_wait(entries: Sequence[Entry]) -> Sequence[Outcome]:
        began = clock()
        outcomes = send(entries)
        if (rest := began + 1 / REQUESTS_PER_SECOND - clock()) > 0:
            sleep(rest)
        return outcomes

    return send_and_wait

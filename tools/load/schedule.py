"""When an open-loop generator sends: it does not wait for answers, as the senders of webhooks do not. Pure."""

import random
from collections.abc import Iterator


def poisson(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Yield the seconds after the beginning at which independent senders send, `rate` a second in the mean.

    The same seed gives the same times: what is compared gets the same load.
    """
    chance = random.Random(seed)  # noqa: S311 - times, not secrets
    at = chance.expovariate(rate)
    while at < seconds:
        yield at
        at += chance.expovariate(rate)

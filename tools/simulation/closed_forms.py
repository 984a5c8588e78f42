"""What queueing theory says of the simulated parts, where it has a formula."""


def erlang_b(servers: int, load: float) -> float:
    """Return the share of requests that is refused by `servers` without a queue; `load` is rate times seconds.

    It holds for any distribution of service times.
    """
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def refused_by_bucket(rate: float, burst: float, arrivals: float, seconds: float) -> float:
    """Return how many of the arrivals in a step of so many seconds a full token bucket refuses."""
    return max(0.0, arrivals * seconds - burst - rate * seconds)


def refused_in_cold_step(arrivals: float, cold: float, new: float, new_per_second: float) -> float:
    """Return how many requests of a step from 0 Lambda throttles before the first environments are warm."""
    return max(0.0, arrivals * cold - new - new_per_second * cold)


def largest_cold_step(cold: float, new: float, new_per_second: float) -> float:
    """Return the requests a second of the largest step from 0 that Lambda throttles nothing of."""
    return (new + new_per_second * cold) / cold


def drain_seconds(backlog: float, arrivals: float, batch: int, batch_seconds: float, concurrency: int) -> float:
    """Return how long `concurrency` invocations take for a backlog while more arrives."""
    return backlog / (concurrency * batch / batch_seconds - arrivals)

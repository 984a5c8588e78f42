"""What the account's quotas carry: the throttles of a stage's API, and how much redelivery may do at once.

docs/explanation/burst.md has the reasons, and what a simulation says of them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from relay.delivery.pace import REQUESTS_PER_SECOND

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html: for each unit of concurrency.
REQUESTS_FOR_EACH_ENVIRONMENT = 10
# A warm webhook of 7 KB with the processor time that 512 MB have, 2.5 ms, and EventBridge's answer, assumed: 20 ms.
WEBHOOK_SECONDS = 0.0225
# Webhooks come at random: with all of the concurrency in use on the average, some would find none.
HEADROOM = 0.9
# Messages of the retry queue: five requests for each invocation, if they are small.
BATCH_SIZE = 100
# Of a Region's puts, and of the concurrency that is not reserved, for what waited. The rest is for what comes.
PUTS_OF_REDELIVERY = 1 / 2
CONCURRENCY_OF_REDELIVERY = 1 / 4
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
LEAST_CONCURRENCY, MOST_CONCURRENCY = 2, 1000


class Quotas(NamedTuple):
    """The account's quotas in the stage's Region, as AWS gives them to most accounts.

    `concurrency` is of Lambda. `api_rate` and `api_burst` are API Gateway's, in requests a second and in requests.
    `puts` is in requests to PutPartnerEvents a second. AWS publishes none: 400 is what its smallest Regions have for
    PutEvents.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    """

    concurrency: int = 1_000
    api_rate: int = 10_000
    api_burst: int = 5_000
    puts: int = 400


class Throttle(NamedTuple):
    """API Gateway's throttle for all routes and for each route: requests a second, and the size of the bucket."""

    rate: int
    burst: int
    route_rate: int
    route_burst: int


def redelivery_concurrency(quotas: Quotas, reserved: int = 0) -> int:
    """Return how many batches of the retry queue may be delivered at once: they use half of the Region's puts.

    What is `reserved` for webhooks is not there for them. A batch that Lambda throttles is hidden for six minutes.
    """
    return _batches_at_once(quotas.puts * PUTS_OF_REDELIVERY, quotas.concurrency - reserved)


def delivery_concurrency(quotas: Quotas, reserved: int = 0) -> int:
    """Return how many batches of the delivery queue may be delivered at once: they may use all of the Region's puts.

    What is over the quota goes to the retry queue, and what is over this waits in the delivery queue.
    """
    return _batches_at_once(quotas.puts, quotas.concurrency - reserved)


def _batches_at_once(puts: float, concurrency: int) -> int:
    most = min(puts / REQUESTS_PER_SECOND, concurrency * CONCURRENCY_OF_REDELIVERY)
    return min(max(LEAST_CONCURRENCY, int(most)), MOST_CONCURRENCY)


def ingest_concurrency(quotas: Quotas, reserved: int) -> int:
    """Return how many webhooks can be handled at once: what is `reserved`, or what redelivery leaves."""
    return reserved or max(1, quotas.concurrency - redelivery_concurrency(quotas))


def carried(quotas: Quotas, reserved: int, retry_seconds: float) -> Mapping[str, int]:
    """Return the webhooks a second that each part carries without refusing one, by the key of the stage it follows.

    Over the quota of puts a webhook is tried for `retry_seconds` and then stored: it has an environment all that time.
    """
    concurrency = ingest_concurrency(quotas, reserved) * HEADROOM
    most = concurrency / WEBHOOK_SECONDS
    left = concurrency - quotas.puts * WEBHOOK_SECONDS
    return {
        "api_rate_quota": quotas.api_rate,
        "reserved_concurrency" if reserved else "concurrency_quota": int(
            min(most, concurrency * REQUESTS_FOR_EACH_ENVIRONMENT)
        ),
        "put_quota": int(quotas.puts + left / (retry_seconds + WEBHOOK_SECONDS) if left > 0 else most),
    }


def throttle(
    quotas: Quotas, reserved: int, retry_seconds: float, routes: int, *, rate: int, burst: int, route_rate: int
) -> Throttle:
    """Return the throttle: what is given, or where that is 0 what the quotas carry.

    The bucket holds no more than can be handled at the same instant. With several routes, each may have half of it
    all, so that the flood of one sender leaves room for the others.
    """
    rate = rate or min(carried(quotas, reserved, retry_seconds).values())
    burst = burst or min(quotas.api_burst, ingest_concurrency(quotas, reserved))
    share = 1 if routes == 1 else 2
    return Throttle(rate, burst, route_rate or max(1, rate // share), max(1, burst // share))

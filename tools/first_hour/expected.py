"""What the afternoon should show, from the models, before anybody has looked; and what it costs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from partner_event_relay.capacity import Quotas, carried
from tools.cost import prices
from tools.cost.model import MEASURED, MILLION, Webhook, per_month, total
from tools.first_hour.sender import RATE, RECEIVERS

# Interpolated by instructions (docs/explanation/performance.md) between two public measurements of Python 3.13 on
# arm64, of an empty function with 80 ms and of one with boto3 with 416 ms: neither is ours.
COLD_START_MS = 220
# "roughly 10 ms at p99" more than the integration: secondary sources, none of AWS's own.
FRONT_MS = 10
RETRY_SECONDS = 2.0
SENDER_GB, SENDER_SETUP_SECONDS = 1769 / 1024, 20


@dataclass(frozen=True)
class Phase:
    """A load: so many webhooks a second for so many seconds, that many times."""

    rate: float
    seconds: float
    times: int = 1

    @property
    def webhooks(self) -> float:
        """Return how many that is, in the mean."""
        return self.rate * self.seconds * self.times


WARM, STEP = "warm", "step"
PHASES: Mapping[bool, Mapping[str, Phase]] = {
    False: {WARM: Phase(625, 800, 2), STEP: Phase(10_000, 30)},
    True: {WARM: Phase(6, 5, 2), STEP: Phase(15, 4)},  # on the local AWS, to show that the kit works
}
COLD_STARTS, VERSIONS = 100, 3  # at once, and how often: 300 with SnapStart and 300 without


def warm_ms(measured: Mapping[str, Mapping[str, float]] = MEASURED) -> float:
    """Return the milliseconds of a warm webhook in the function: ours, and EventBridge's answer, which is assumed."""
    return measured["lambda"]["own_ms"] + measured["lambda"]["eventbridge_ms"]


def accepted_a_second(quotas: Quotas = Quotas()) -> int:  # noqa: B008 - a named tuple does not change
    """Return the webhooks a second that a step is answered 202, once environments have started."""
    return min(carried(quotas, 0, RETRY_SECONDS).values())


def dollars() -> dict[str, float]:
    """Return what the afternoon costs by its parts, from list prices of us-east-1 without a free tier."""
    phases = PHASES[False].values()
    webhooks = sum(phase.webhooks for phase in phases) + 2 * COLD_STARTS * VERSIONS
    senders = sum(max(1, phase.rate / RATE) * (phase.seconds + SENDER_SETUP_SECONDS) * phase.times for phase in phases)
    receives = webhooks / 10 + RECEIVERS * 120
    month = sum(cost.usd for cost in per_month(2))
    return {
        "webhooks": webhooks / MILLION * total(Webhook()),
        "custom events": webhooks / MILLION * prices.CUSTOMER_EVENTS.usd,
        "senders": senders * SENDER_GB * prices.LAMBDA_TIME.usd,
        "queue that counts": (webhooks + 2 * receives) / MILLION * prices.SQS.usd,
        "a day of the stack": month / 30,
    }

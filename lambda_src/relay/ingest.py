"""The Lambda handler behind API Gateway: connects the pipeline to AWS, the log and the metrics."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import call, config, partner_bus, pipeline, snapstart, telemetry
from relay.claims import Counter
from relay.message import Message
from relay.ports import Ports
from relay.queueing import Queue
from relay.secrets import Secrets


def _store(queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    from relay import queues  # with boto3, like what follows: a healthy webhook needs none of it

    return queues.store(queue, messages)


def _leave(text: str) -> tuple[str, str]:
    from relay import bucket

    return bucket.leave(text)


def _presign(key: str, seconds: int) -> str:
    from relay import bucket

    return bucket.presign(key, seconds)


def _fetch(url: str, max_age: float) -> bytes:
    from relay import documents

    return documents.fetch(url, max_age)


def _once(key: str, seconds_left: float, work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    from relay import dedupe

    return dedupe.once(key, seconds_left, work)


CONFIG = config.load(config.path())
TRANSPORT = call.chosen(CONFIG.transport, CONFIG.regions)
call.prepare(TRANSPORT, CONFIG.regions, set().union(*(route.secrets() for route in CONFIG.routes)))
snapstart.reseed_after_restore()
CALL = telemetry.logged(TRANSPORT.call)
SECRETS = Secrets(CALL)
PORTS = Ports(
    read_secret=SECRETS.read,
    refresh_secret=SECRETS.refresh,
    send=telemetry.timed(partner_bus.sender(CALL)),
    store=_store,
    fetch=_fetch,
    enrol=SECRETS.enrol,
    counter=Counter(_leave, _presign, CONFIG.claim_seconds),
    once=_once,
)


@telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the answer to one webhook, whatever the event is and whatever fails."""

    def seconds_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    try:
        response, outcome = pipeline.answer(event, CONFIG, PORTS, datetime.now(UTC), seconds_left)
    except Exception as error:  # noqa: BLE001 - the one net: the sender tries again, and an alarm tells us
        telemetry.crashed(error)
        response, outcome = pipeline.crashed(event, error)
    telemetry.told(outcome)
    return response

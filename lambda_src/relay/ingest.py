"""The Lambda handler behind API Gateway: connects the pipeline to AWS, the log and the metrics."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import config, telemetry
from relay.aws import eventbridge, snapstart
from relay.aws.secrets import SecretStore
from relay.aws.transport import choose_transport, warm_up
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline import accept
from relay.pipeline.services import Ports


def _store(queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    from relay.aws import sqs

    return sqs.store_messages(queue, messages)


def _leave(text: str) -> tuple[str, str]:
    from relay.aws import s3

    return s3.store_detail(text)


def _presign(key: str, seconds: int) -> str:
    from relay.aws import s3

    return s3.presign(key, seconds)


def _fetch(url: str, max_age: float) -> bytes:
    from relay import outbound_http

    return outbound_http.fetch(url, max_age)


def _once(key: str, seconds_left: float, work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    from relay.aws import idempotency

    return idempotency.once(key, seconds_left, work)


CONFIG = config.load(config.path())
TRANSPORT = choose_transport(CONFIG.regions, always_boto3=CONFIG.transport == config.BOTO3)
warm_up(TRANSPORT, CONFIG.regions, set().union(*(route.secrets() for route in CONFIG.routes)))
snapstart.reseed_after_restore()
CALL = telemetry.with_failure_log(TRANSPORT.call)
SECRETS = SecretStore(CALL)
PORTS = Ports(
    read_secret=SECRETS.read,
    refresh_secret=SECRETS.refresh,
    send=telemetry.with_latency_metric(partial(eventbridge.put_entries, CALL)),
    store=_store,
    fetch=_fetch,
    enroll=SECRETS.enroll,
    counter=ClaimCheckStore(_leave, _presign, CONFIG.claim_check_ttl),
    once=_once,
)


@telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@telemetry.metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the answer to one webhook, whatever the event is and whatever fails."""

    def seconds_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    try:
        response, outcome = accept.answer(event, CONFIG, PORTS, datetime.now(UTC), seconds_left)
    except Exception as error:  # noqa: BLE001 - the one net: the sender tries again, and an alarm tells us
        telemetry.record_crash(error)
        response, outcome = accept.internal_error(event, error)
    telemetry.record_request(outcome)
    return response

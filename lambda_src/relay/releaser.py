"""The Lambda handler behind the queue of releases: puts what is held for one destination."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.aws.release_queue import parse
from relay.bootstrap_destinations import notify, release_pace, release_queue, release_services
from relay.config.model import Config
from relay.destinations.errors import DestinationError
from relay.destinations.events import OperationalEvent
from relay.pipeline.release import ReleaseServices, release

RETRY_SECONDS = 60
"""For how long a message is hidden whose release could not go on."""

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_handler(config: Config) -> Handler:
    """Return a handler that names the messages that stay in the queue."""

    @telemetry.logger.inject_lambda_context
    @telemetry.metrics.log_metrics
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000

        destination_telemetry.record_releaser_run()
        run = _Run(config, release_services(config, seconds_left), _now() + timedelta(seconds=seconds_left()))
        staying = []
        for record in event["Records"]:
            hide_seconds = run.release(record["body"])
            if hide_seconds is not None:
                _hide(record["receiptHandle"], hide_seconds)
                staying.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": staying}

    return handler


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the function, until `ends_at`."""

    config: Config
    services: ReleaseServices
    ends_at: datetime

    def release(self, text: str) -> int | None:
        """Do what a message asks for. Return for how many seconds to hide it, None if it is done."""
        try:
            which = parse(text)
        except ValueError as error:  # it holds nothing, and the reconciler asks again for what is held
            telemetry.record_unexpected_error(error)
            return None
        try:
            released = release(which, self.services, release_pace(self.config), self.ends_at)
        except (OSError, DestinationError) as error:
            telemetry.record_unexpected_error(error)
            return RETRY_SECONDS
        destination_telemetry.record_release(which.label, released)
        if released.accepted:
            detail = {"customer": which.customer, "destination": which.name}
            event = OperationalEvent("Entries Released", {**detail, "entries": released.accepted})
            notify(self.config.notify_bus, [event])
        return 0 if released.is_cut_off else None


def _hide(receipt_handle: str, seconds: int) -> None:
    """Hide a message for some seconds; if that fails, it comes back after the queue's own visibility timeout."""
    try:
        release_queue().hide(receipt_handle, seconds)
    except OSError as error:
        telemetry.record_unexpected_error(error)


def _now() -> datetime:
    return datetime.now(UTC)


handler = create_handler(bootstrap.load_config())

"""The Lambda handler behind API Gateway: one webhook."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, telemetry
from relay.http.request import request_id
from relay.pipeline import entry_lines
from relay.pipeline.accept import accept, internal_error
from relay.pipeline.results import EntryLine, Relayed
from relay.pipeline.services import Response, Services

Handler = Callable[[dict[str, Any], LambdaContext], Response]


def create_handler(services: Services, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Handler:
    """Return a handler that responds to every event, whatever it is and whatever fails."""

    @telemetry.logger.inject_lambda_context
    def handler(event: dict[str, Any], context: LambdaContext) -> Response:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000

        telemetry.logger.set_correlation_id(request_id(event) or None)
        try:
            response, result = accept(event, services, now(), seconds_left)
        except Exception as error:  # noqa: BLE001 - the last resort: the sender tries again, and an alarm tells us
            telemetry.record_crash(error)
            response, result = internal_error(event, error)
        lines: Iterable[EntryLine] = ()
        if isinstance(result, Relayed) and services.config.log_entries:
            lines = entry_lines.of_webhook(result)
        telemetry.record_request(result, lines)
        telemetry.emit_metrics()
        return response

    return handler


SERVICES = bootstrap.start()
bootstrap.warm_up(SERVICES.config)
handler = create_handler(SERVICES)
telemetry.record_start()

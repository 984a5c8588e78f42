"""The Lambda handler behind the control API: one request of the SaaS's own backend, or of an operator."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.bootstrap_destinations import control_services, control_settings
from relay.control import api
from relay.control.service import Control

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_handler(control: Control) -> Handler:
    """Return a handler that answers every request, whatever fails."""
    app = api.build(control)

    @telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
    @telemetry.metrics.log_metrics
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            answer = api.resolve(app, event, context)
        except Exception as error:  # noqa: BLE001 - the last resort: the caller tries again, and an alarm tells us
            telemetry.record_crash(error)
            answer = api.internal_error(event)
        destination_telemetry.record_control_request(HTTPStatus(answer["statusCode"]))
        return answer

    return handler


SETTINGS = bootstrap.load_config()
handler = create_handler(Control(control_services(SETTINGS), control_settings(SETTINGS)))

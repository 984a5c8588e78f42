"""The Lambda handler behind the customer's page: its files, and what a customer does with their own destinations."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.bootstrap_destinations import control_services, control_settings
from relay.bootstrap_page import page_access, page_content
from relay.control.service import Control
from relay.page import static_files
from relay.page.server import PageServer

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_handler(server: PageServer) -> Handler:
    """Return a handler that answers every request, whatever fails."""

    @telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
    @telemetry.metrics.log_metrics
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            answer = server.answer(event, context)
        except Exception as error:  # noqa: BLE001 - the last resort: the caller tries again, and an alarm tells us
            telemetry.record_crash(error)
            answer = server.internal_error(event)
        destination_telemetry.record_control_request(HTTPStatus(answer["statusCode"]))
        return answer

    return handler


SETTINGS = bootstrap.load_config()
CONTROL = Control(control_services(SETTINGS), control_settings(SETTINGS))
handler = create_handler(PageServer(CONTROL, page_access(SETTINGS), page_content(SETTINGS), static_files.load()))

"""The Lambda handler behind the control API: one request of the SaaS's own backend, or of an operator."""

import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, destination_telemetry, telemetry
from relay.bootstrap_destinations import control_services, control_settings, destinations_of
from relay.bootstrap_page import URL, page_access
from relay.control import api
from relay.control.page_access import PageAccess
from relay.control.service import Control

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def create_handler(control: Control, access: PageAccess | None = None, page_url: str = "") -> Handler:
    """Return a handler that answers every request, whatever fails. `access` is None if customers have no page."""
    app = api.build(control, access, page_url)

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
HAS_PAGE = destinations_of(SETTINGS).page is not None
handler = create_handler(
    Control(control_services(SETTINGS), control_settings(SETTINGS)),
    page_access(SETTINGS) if HAS_PAGE else None,
    os.environ[URL] if HAS_PAGE else "",
)

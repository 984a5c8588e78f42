"""Whatever is sent to the control API, its answer is one that its OpenAPI document has."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.control.gateway import Gateway
from tests.unit.control.world import World

schema = schemathesis.openapi.from_wsgi("/openapi.json", Gateway(World().control))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@schema.parametrize()
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=CHECKS)

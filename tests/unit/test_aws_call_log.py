"""What the log says of AWS's failures."""

from collections.abc import Mapping
from typing import Any

import pytest

from relay import telemetry
from relay.aws.api import EVENTS, NO_RETRY, AwsError, CallOptions, Service


def test_a_call_that_fails_leaves_a_line_with_the_request_id_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(
        _service: Service, _region: str, _operation: str, _parameters: Mapping[str, Any], _patience: CallOptions
    ) -> dict[str, Any]:
        raise AwsError("ThrottlingException", "slow", "1-2")

    lines: list[tuple[str, Mapping[str, Any]]] = []
    monkeypatch.setattr(telemetry.logger, "warning", lambda text, extra: lines.append((text, extra)))
    with pytest.raises(AwsError):
        telemetry.with_failure_log(throttled)(
            EVENTS, "us-east-1", "PutPartnerEvents", {"Entries": ["the detail"]}, NO_RETRY
        )
    [(text, extra)] = lines
    assert text == "AWS call failed"
    assert extra == {
        "aws_service": "events",
        "operation": "PutPartnerEvents",
        "aws_region": "us-east-1",
        "error_code": "ThrottlingException",
        "aws_request_id": "1-2",
    }

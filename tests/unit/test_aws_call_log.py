"""What the log says of AWS's failures."""

from collections.abc import Mapping
from typing import Any

import pytest

from relay import telemetry
from relay.aws.api import EVENTS, ONCE, CallFailed, Patience, Service


def test_a_call_that_fails_leaves_a_line_with_the_request_id_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    def throttled(
        _service: Service, _region: str, _operation: str, _parameters: Mapping[str, Any], _patience: Patience
    ) -> dict[str, Any]:
        raise CallFailed("ThrottlingException", "slow", "1-2")

    lines: list[tuple[str, Mapping[str, Any]]] = []
    monkeypatch.setattr(telemetry.logger, "warning", lambda text, extra: lines.append((text, extra)))
    with pytest.raises(CallFailed):
        telemetry.logged(throttled)(EVENTS, "us-east-1", "PutPartnerEvents", {"Entries": ["the detail"]}, ONCE)
    [(text, extra)] = lines
    assert text == "AWS call failed"
    assert extra == {
        "aws_service": "events",
        "operation": "PutPartnerEvents",
        "aws_region": "us-east-1",
        "error_code": "ThrottlingException",
        "aws_request_id": "1-2",
    }

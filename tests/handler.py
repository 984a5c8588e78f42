"""The Lambda handler, with what a test passes in where the function has AWS and the clock."""

import importlib
import os
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import time_machine

import relay
from relay.config.loader import Config
from relay.pipeline.services import Ports


def handle(event: Any, config: Config, ports: Ports, now: datetime, context: "Context | None" = None) -> dict[str, Any]:
    """The answer of `relay.ingest.handler`, at `now`."""
    ingest = _ingest()
    with mock.patch.multiple(ingest, CONFIG=config, PORTS=ports), time_machine.travel(now, tick=False):
        answer: dict[str, Any] = ingest.handler(event, context or Context())
    return answer


@cache
def _ingest() -> ModuleType:
    # What it reads when it is imported, as the stack sets it; the configuration is replaced in each call.
    needed = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RELAY_CONFIG": str(Path(__file__).parents[1] / "relay.toml"),
        "DEAD_LETTER_QUEUE_URL": "http://queue.invalid",
        "POWERTOOLS_METRICS_NAMESPACE": "PartnerEventRelay",
        "POWERTOOLS_SERVICE_NAME": "partner-event-relay",
    }
    with mock.patch.dict(os.environ, needed):
        ingest = importlib.import_module("relay.ingest")
    del sys.modules["relay.ingest"]  # a test with another environment imports its own
    delattr(relay, "ingest")
    return ingest


class Context:
    """What Lambda gives beside the event."""

    function_name = "ingest"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:ingest"
    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        """As at the start of an invocation."""
        return 29_000

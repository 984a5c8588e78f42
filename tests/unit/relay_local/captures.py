"""Webhooks as the inspector captures them."""

import json
import time
from typing import Any

import pytest

from relay.config.model import Config
from relay_local.inspector.captures import Capture, Captures
from relay_local.samples import SIGNERS
from tests.conftest import RELAY_TOML, Load

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"order.created"}'


def captured(captures: Captures, body: bytes = BODY, told: Any = None, **changes: Any) -> Capture:
    headers = SIGNERS["standard-webhooks"](SECRET, body) | {"content-type": "application/json"}
    answer = {"accepted": 1, "queued": 0, "dead_lettered": 0, "entries": [{"event_id": "1"}]} if told is None else told
    what = {
        "at": time.time(),
        "seconds": 0.01,
        "method": "POST",
        "path": "/orders/c42",
        "query": "",
        "headers": list(headers.items()),
        "body": body,
        "status": 202,
        "answer": json.dumps(answer).encode(),
    }
    return captures.add(**what | changes)


@pytest.fixture
def relay(load: Load) -> Config:
    return load(RELAY_TOML)

"""What every test may use: the smallest relay.toml, and events as API Gateway makes them."""

import base64
import math
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from relay import config
from relay.config.model import Config
from relay.delivery.deliver import Budget
from tests import scheduling, transport

# Powertools reads these when it is imported, by whichever test comes first.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PartnerEventRelay")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "partner-event-relay")

# Half of each synth is the CDK's own check of the template: `make lint` and tests/infra/test_everything.py do it.
os.environ.setdefault("CDK_VALIDATION", "false")

# A slow machine is not a counterexample.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")

PRINTED_AT_THE_END = "printed at the end"  # the property of a test that has a heading and a row
FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 23, 7, 9, 54, tzinfo=UTC)

RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1", "eu-west-1"]

[[route]]
name = "orders"
path = "/orders/{customer}"
auth = { scheme = "standard-webhooks", secret = "acme/${path.customer}" }
[route.event]
source = "aws.partner/acme.example/${path.customer}/orders"
detail_type = "${body.type}"
"""

Load = Callable[[str], Config]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--transport boto3` runs the same tests over the other transport; the others write documentation anew."""
    parser.addoption("--transport", choices=config.TRANSPORTS, default=config.TRANSPORTS[0])
    parser.addoption("--update-pictures", action="store_true")
    parser.addoption("--update-evidence", action="store_true")


def pytest_configure(config: pytest.Config) -> None:
    """Say the transport where the processes of the tests find it."""
    os.environ[transport.VARIABLE] = config.getoption("--transport")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes that are no plain text by their parameter: what is compressed holds the time of its making."""
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest."""
    items.sort(key=lambda item: scheduling.position(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.GroupScheduling:
    """Keep together on one worker what shares a fixture or a port."""
    config.option.loadscopereorder = False
    return scheduling.GroupScheduling(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the rows that tests have recorded, each below its heading, whichever worker they come from."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    tables: dict[str, list[str]] = {}
    for name, value in (recorded for report in reports for recorded in report.user_properties):
        if name == PRINTED_AT_THE_END:
            tables.setdefault(value[0], []).append(value[1])
    for heading, rows in tables.items():
        for row in (heading, *rows):
            terminalreporter.write_line(row)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """relay.toml's text, loaded as a file."""

    def load(text: str) -> Config:
        path = tmp_path / "relay.toml"
        path.write_text(text, "utf-8")
        return config.load(path)

    return load


def no_retries(_seconds: float = 0) -> Budget:
    """Time for everything to be put once, and for nothing again."""
    return Budget(retry_until=0, send_until=math.inf)


def http_api_event(
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    query: str = "",
    stage: str = "$default",
) -> dict[str, Any]:
    """Payload format 2.0, as an HTTP API and a Function URL send it; the body as base64."""
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": {
            "accountId": "111111111111",
            "apiId": "a1b2c3",
            "domainName": "a1b2c3.execute-api.us-east-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": stage,
            "timeEpoch": 1795417794000,
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }

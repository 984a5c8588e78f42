"""The real handlers with their real adapters on the local partner bus, and the table of what was found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relay.aws.sqs import QUEUE_URLS
from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from tests.conftest import PRINTED_AT_THE_END
from tests.local_bus import REGION, SECRET, Functions, bus, faults, functions

__all__ = ["bus", "faults"]  # fixtures

RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "orders"
path = "/orders"
retry_for = "0 s"
auth = { scheme = "standard-webhooks", secret = "NAME/orders" }
[route.event]
each = "${body.events}"
source = "aws.partner/acme.example/NAME/orders"
detail_type = "order.created"
detail = "${item}"
[[route]]
name = "queued"
path = "/queued"
delivery = "queued"
auth = { scheme = "standard-webhooks", secret = "NAME/orders" }
[route.event]
each = "${body.events}"
source = "aws.partner/acme.example/NAME/orders"
detail_type = "order.created"
detail = "${item}"
"""

HEAD = f"\n{'fault':30} {'n':>3} told  acc. queu. dead  arrived twice"
PrintRow = Callable[[str], None]


@pytest.fixture(scope="module")
def name(request: pytest.FixtureRequest) -> str:
    """Return what everything of this module is named by: another may use the same bus."""
    return f"faults-{request.path.stem.removeprefix('test_')}"


@pytest.fixture(scope="module")
def customer(bus: LocalAws, name: str) -> Customer:
    customer = Customer(bus, REGION, queue=name)
    customer.subscribe([f"aws.partner/acme.example/{name}/orders"])
    return customer


@pytest.fixture(scope="module")
def relay(bus: LocalAws, name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    path: Path = tmp_path_factory.mktemp(name) / "relay.toml"
    path.write_text(RELAY_TOML.replace("NAME", name))
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name=f"{name}/orders", SecretString=SECRET)
    with functions(bus, path, name) as made:
        yield made


@pytest.fixture
def break_down(relay: Functions, monkeypatch: pytest.MonkeyPatch) -> Callable[[frozenset[str]], None]:
    """Take away what is named, until the test ends or `monkeypatch` is undone."""

    def take_away(names: frozenset[str]) -> None:
        for queue, variable in QUEUE_URLS.items():
            if queue.name in names:
                monkeypatch.setenv(variable, f"{relay.bus.url}/111111111111/gone")
        relay.cut_off(names, monkeypatch)

    return take_away


@pytest.fixture
def print_row(record_property: Callable[[str, object], None]) -> PrintRow:
    """Return what prints a row when all tests have ended, whichever worker they ran on."""
    return lambda row: record_property(PRINTED_AT_THE_END, [HEAD, row])

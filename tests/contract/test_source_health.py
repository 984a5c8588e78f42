"""The hourly look at the sources, beside a registry of customers' destinations."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import bootstrap
from relay.aws import s3
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.contract.test_destination_handlers import RELAY_TOML
from tests.deployed_destinations import Deployed, Lambda
from tests.destination_handlers import source_health
from tests.local_bus import REGION, functions

SOURCE = "aws.partner/acme.example/by-hand/orders"


@pytest.fixture
def deployed(bus: LocalAws, tmp_path: Path) -> Iterator[Deployed]:
    path = tmp_path / "relay.toml"
    path.write_text(RELAY_TOML)
    with functions(bus, path, "health") as relay:
        yield Deployed(relay, bootstrap.load_config(), "health")


def vanished() -> list[str]:
    """Run the handler and return the names that it misses from now on."""
    source_health.handler({}, Lambda())
    content = s3.load(source_health.MEMORY_KEY) or b""
    return [name for name in json.loads(content)["vanished"] if SOURCE in name]


def test_a_source_made_by_hand_that_a_destination_adopts_has_not_vanished(bus: LocalAws, deployed: Deployed) -> None:
    events = bus.client("events", PARTNER, REGION)
    events.create_partner_event_source(Name=SOURCE, Account=CUSTOMER)
    assert vanished() == []
    wanted = {"aws_account_id": CUSTOMER, "aws_region": REGION, "source": SOURCE}
    assert deployed.request("PUT", "c1/destinations/prod", wanted)[0] == 201
    assert vanished() == []
    assert deployed.request("DELETE", "c1")[0] in {200, 204}

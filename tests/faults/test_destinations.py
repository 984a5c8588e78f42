"""Whatever goes wrong between a webhook and its customer's bus, every entry of a 2xx is accounted for, by its id.

The rows of the matrix that need the registry, the bucket of held entries, the reconciler and the releaser.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relay import bootstrap
from relay.aws.api import AwsCall, AwsError, CallOptions, Service
from relay.delivery.undelivered import Queue
from relay.destinations import reconcile
from relay_local.deploy import CUSTOMER, Customer
from relay_local.process import PARTNER, LocalAws
from tests.conftest import PRINTED_AT_THE_END
from tests.deployed_destinations import Deployed
from tests.local_bus import REGION, SECRET, Functions, functions

RELAY_TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
[archive]
[[route]]
name = "orders"
path = "/orders"
retry_for = "0 s"
auth = { scheme = "standard-webhooks", secret = "fault-rows/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}", detail = "${item}" }
"""
HEAD = f"\n{'fault between webhook and customer':44} told arrived twice held queue sender dropped lost"


@pytest.fixture(scope="module")
def deployed(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    path = tmp_path_factory.mktemp("destinations") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="fault-rows/orders", SecretString=SECRET)
    with functions(bus, path, "fault-rows") as relay:
        yield Deployed(relay, bootstrap.load_config(), "fault-rows")


@dataclass
class Ledger:
    """What was posted for one customer, by the ids of the events, and what became of it."""

    deployed: Deployed
    customer: str
    account: Customer
    record: Callable[[str, object], None]
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    with_sender: list[str] = field(default_factory=list)
    arrived: Counter[str] = field(default_factory=Counter)
    posted: int = 0

    def post(self, count: int, functions: Functions | None = None) -> list[str]:
        """Post a webhook with so many events; return their ids."""
        ids = [f"{self.customer}-{self.posted + number}" for number in range(count)]
        self.posted += count
        events = [{"customer": self.customer, "type": "order.created", "id": each} for each in ids]
        relay = functions or self.deployed.relay.restarted()
        answer = relay.post("/orders", json.dumps({"events": events}).encode())
        if answer["statusCode"] == 202:
            self.told |= dict(zip(ids, answer["body"]["entries"], strict=True))
        else:
            assert answer["statusCode"] == 503
            self.with_sender += ids
        return ids

    def receive(self) -> None:
        """Take what has arrived at the customer."""
        self.arrived.update(event["detail"]["id"] for event in self.account.received())

    def finish(self, fault: str, dropped: Sequence[str] = ()) -> None:
        """Let everything that waits go on, print the row, and check that nothing of a 2xx is lost."""
        relay = self.deployed.relay.restarted()
        while waiting := relay.taken(Queue.RETRY):
            relay.batch(waiting)
        self.deployed.reconcile()
        self.deployed.release()
        self.receive()
        places = Counter(next(iter(result)) for result in self.told.values())
        unsubscribed = {each for each, result in self.told.items() if "unsubscribed" in result}
        lost = self.told.keys() - self.arrived.keys() - unsubscribed
        row = (
            f"{fault:44} {len(self.told):4} {len(self.arrived):7} {sum(n > 1 for n in self.arrived.values()):5}"
            f" {places['held']:4} {places['queued']:5} {len(self.with_sender):6} {len(dropped):7}"
            f" {len(lost - set(dropped)):4}"
        )
        self.record(PRINTED_AT_THE_END, [HEAD, row])
        assert lost == set(dropped)
        assert relay.taken(Queue.DEAD_LETTERS) == []


@pytest.fixture
def ledger(
    bus: LocalAws, deployed: Deployed, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Ledger:
    name = f"c{abs(hash(request.node.name)) % 10**8}"
    return Ledger(deployed, name, Customer(bus, REGION, queue=f"rows-{name}"), record_property)


def attach(ledger: Ledger, source: str) -> None:
    """Attach a bus and a rule, and start delivery."""
    ledger.account.attach(source)
    assert ledger.deployed.request("POST", f"{ledger.customer}/destinations/prod/release")[0] == 200


def refusing(call: AwsCall, code: str) -> AwsCall:
    """Return `call` with an error of DynamoDB."""

    def refused(
        service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
    ) -> dict[str, Any]:
        if service.name == "dynamodb":
            raise AwsError(code, "injected")
        return call(service, region, operation, parameters, options)

    return refused


@pytest.mark.parametrize("code", ["ThrottlingException", "EndpointConnectionError"])
def test_the_registry_is_away_for_a_function_that_knows_nobody(ledger: Ledger, code: str) -> None:
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    relay = ledger.deployed.relay
    cold = Functions(relay.bus, relay.call, bootstrap.services(relay.services.config, refusing(relay.call, code)))
    ledger.post(7, cold)
    assert len(ledger.with_sender) == 7
    ledger.post(7)
    ledger.finish(f"registry: {code}, cold cache")


def test_the_registry_is_away_for_a_function_that_knows_the_customer(ledger: Ledger) -> None:
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    now, is_away = datetime.now(UTC).timestamp(), False
    relay = ledger.deployed.relay

    def call(*arguments: Any) -> dict[str, Any]:
        return refusing(relay.call, "ThrottlingException")(*arguments) if is_away else relay.call(*arguments)

    warm = Functions(relay.bus, call, bootstrap.services(relay.services.config, call, lambda: now))
    ledger.post(7, warm)
    is_away, now = True, now + 300
    ledger.post(7, warm)
    now -= 3600  # a clock that jumps back makes what is known older, never younger
    ledger.post(7, warm)
    assert len(ledger.with_sender) == 7
    ledger.finish("registry throttled, warm cache, clock jumps")


def test_the_bus_is_detached_in_the_middle_of_a_stream(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put between the last look that saw the source active and the one that sees it pending is dropped.

    The archive has it: it is held again, and with it what arrived shortly before and after. Here that is most of it,
    since the whole stream takes seconds.
    """
    monkeypatch.setattr(reconcile, "READ_ARCHIVE_AFTER", timedelta(0))  # the local Firehose writes at once
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    for _ in range(30):
        ledger.post(30)
    ledger.receive()
    ledger.deployed.reconcile()  # the last look that sees it active
    ledger.post(30)
    ledger.receive()
    ledger.account.detach(source)
    dropped = {event for _ in range(10) for event in ledger.post(30)}
    ledger.deployed.reconcile()
    for _ in range(25):
        ledger.post(30)
    assert not dropped & ledger.arrived.keys()
    attach(ledger, source)
    ledger.post(20)
    ledger.finish("bus detached in a stream of 2,000 events")
    assert dropped <= ledger.arrived.keys()
    assert len(ledger.told) == len(ledger.arrived) == 2000
    assert max(ledger.arrived.values()) == 2


def test_the_bus_is_detached_while_what_was_held_is_released(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive says only that it was held: its copies are held again."""
    monkeypatch.setattr(reconcile, "READ_ARCHIVE_AFTER", timedelta(0))  # the local Firehose writes at once
    source = ledger.deployed.connect(ledger.customer)
    for _ in range(3):
        ledger.post(15)
    attach(ledger, source)
    ledger.account.detach(source)
    ledger.deployed.release()  # before the look that sees it pending
    ledger.receive()
    assert not ledger.arrived
    ledger.deployed.reconcile()
    attach(ledger, source)
    ledger.finish("bus detached during a release")
    assert len(ledger.arrived) == 45


def test_without_an_archive_what_was_dropped_is_lost_and_counted(ledger: Ledger) -> None:
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    ledger.post(45)
    ledger.receive()
    ledger.account.detach(source)
    without = ledger.deployed.relay.restarted()
    without.services = replace(without.services, archive=None)
    dropped = ledger.post(7, without)
    ledger.deployed.reconcile()
    ledger.post(45)
    attach(ledger, source)
    ledger.post(7)
    ledger.finish("bus detached, without an archive", dropped)


def test_a_bus_is_attached_without_rules(ledger: Ledger, bus: LocalAws) -> None:
    source = ledger.deployed.connect(ledger.customer)
    ledger.post(45)
    bus.client("events", CUSTOMER, REGION).create_event_bus(Name=source, EventSourceName=source)
    ledger.deployed.reconcile()
    ledger.post(7)  # held: the source settles
    begun = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    ledger.deployed.request("POST", f"{ledger.customer}/destinations/prod/release")
    ledger.deployed.release()  # somebody was too fast: no rule matches
    ledger.receive()
    assert not ledger.arrived
    bus.client("events", CUSTOMER, REGION).delete_event_bus(Name=source)
    ledger.account.attach(source)
    assert ledger.deployed.request("POST", f"{ledger.customer}/destinations/prod/release", {"since": begun})[0] == 200
    ledger.deployed.release()
    ledger.finish("bus attached without rules, sent once more")


def test_a_source_is_deleted_by_hand_and_created_again(ledger: Ledger, bus: LocalAws) -> None:
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    ledger.post(7)
    ledger.receive()
    ledger.account.detach(source)
    bus.client("events", PARTNER, REGION).delete_partner_event_source(Name=source, Account=CUSTOMER)
    ledger.post(7)
    assert ledger.deployed.show(ledger.customer)["holding"] == "refused"
    ledger.deployed.reconcile()
    assert ledger.deployed.show(ledger.customer)["holding"] == "source-missing"
    ledger.post(7)
    past = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    ledger.deployed.set_state(ledger.customer, missing_since=past)  # two looks a minute apart
    ledger.deployed.reconcile()
    attach(ledger, source)
    ledger.post(7)
    ledger.finish("source deleted by hand, created again")


def test_a_customer_connects_and_a_webhook_follows_at_once_in_a_function_that_had_seen_a_miss(ledger: Ledger) -> None:
    now = datetime.now(UTC).timestamp()
    warm = ledger.deployed.relay.restarted(lambda: now)
    ledger.post(7, warm)
    source = ledger.deployed.connect(ledger.customer)
    now += 1
    ledger.post(7, warm)
    attach(ledger, source)
    ledger.finish("connect, then a webhook at once")
    assert len(ledger.arrived) == 7


def test_the_bucket_of_held_entries_is_away(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ledger.deployed.connect(ledger.customer)
    with monkeypatch.context() as patch:
        ledger.deployed.relay.cut_off({"s3"}, patch)
        ledger.post(45, ledger.deployed.relay)
    ledger.post(7)
    attach(ledger, source)
    ledger.finish("hold bucket away")


def test_a_destination_is_paused_and_resumed(ledger: Ledger) -> None:
    source = ledger.deployed.connect(ledger.customer)
    attach(ledger, source)
    ledger.deployed.request("POST", f"{ledger.customer}/destinations/prod/pause")
    ledger.post(45)
    ledger.deployed.request("POST", f"{ledger.customer}/destinations/prod/resume")
    ledger.finish("paused and resumed")

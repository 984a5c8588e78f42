"""The local partner bus through boto3: delivery, states, faults, and the command that starts it."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.exceptions
import httpx
import pytest

from relay_local.deploy import CUSTOMER, Customer
from relay_local.process import PARTNER, ROOT, LocalAws
from tests.local_bus import REGION, SOURCE, Inject

ATTACHED = "aws.partner/acme.example/attached/orders"


@pytest.fixture(scope="module")
def customer(bus: LocalAws) -> Customer:
    customer = Customer(bus, REGION)
    customer.subscribe([ATTACHED])
    return customer


def put(bus: LocalAws, *sources: str) -> dict[str, Any]:
    entries = [{"Source": source, "DetailType": "a", "Detail": '{"n":1}'} for source in sources]
    answer: dict[str, Any] = bus.client("events", PARTNER, REGION).put_partner_events(Entries=entries)
    return answer


def test_an_active_source_delivers_in_the_customers_envelope(bus: LocalAws, customer: Customer) -> None:
    entry = {"Source": ATTACHED, "DetailType": "a", "Detail": '{"n":1}', "Resources": ["arn:a"], "Time": 1795417794}
    answer = bus.client("events", PARTNER, REGION).put_partner_events(Entries=[entry])
    assert list(customer.received()) == [
        {
            "version": "0",
            "id": answer["Entries"][0]["EventId"],
            "detail-type": "a",
            "source": ATTACHED,
            "account": CUSTOMER,
            "time": "2026-11-23T07:09:54Z",
            "region": REGION,
            "resources": ["arn:a"],
            "detail": {"n": 1},
        }
    ]


def test_a_pending_source_accepts_and_drops(bus: LocalAws, customer: Customer) -> None:
    assert put(bus, SOURCE)["FailedEntryCount"] == 0
    assert list(customer.received()) == []


def test_the_customer_sees_the_source_and_without_the_bus_it_is_pending_again(bus: LocalAws) -> None:
    name = "aws.partner/acme.example/c8/orders"
    Customer(bus, REGION).subscribe([name])
    events = bus.client("events", CUSTOMER, REGION)
    described = events.describe_event_source(Name=name)
    assert (described["State"], described["CreatedBy"]) == ("ACTIVE", "aws.partner/acme.example")
    events.delete_event_bus(Name=name)
    [listed] = events.list_event_sources(NamePrefix=name)["EventSources"]
    assert listed["State"] == "PENDING"
    assert "ExpirationTime" in listed


def test_a_deactivated_source_drops_events_until_the_customer_activates_it(bus: LocalAws) -> None:
    name = "aws.partner/acme.example/c9/orders"
    customer, events = Customer(bus, REGION, "deactivated"), bus.client("events", CUSTOMER, REGION)
    customer.subscribe([name])
    events.deactivate_event_source(Name=name)
    assert events.describe_event_source(Name=name)["State"] == "PENDING"
    assert events.describe_event_bus(Name=name)["Name"] == name
    assert put(bus, name)["FailedEntryCount"] == 0
    assert list(customer.received()) == []
    events.activate_event_source(Name=name)
    assert put(bus, name)["FailedEntryCount"] == 0
    assert len(list(customer.received())) == 1


def test_a_source_created_again_stays_pending_until_the_old_bus_is_deleted(bus: LocalAws) -> None:
    name = "aws.partner/acme.example/c10/orders"
    Customer(bus, REGION).subscribe([name])
    partner, events = bus.client("events", PARTNER, REGION), bus.client("events", CUSTOMER, REGION)
    partner.delete_partner_event_source(Name=name, Account=CUSTOMER)
    assert put(bus, name)["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    partner.create_partner_event_source(Name=name, Account=CUSTOMER)
    with pytest.raises(botocore.exceptions.ClientError, match="ResourceAlreadyExistsException"):
        events.create_event_bus(Name=name, EventSourceName=name)
    assert events.describe_event_source(Name=name)["State"] == "PENDING"
    events.delete_event_bus(Name=name)
    events.create_event_bus(Name=name, EventSourceName=name)
    assert events.describe_event_source(Name=name)["State"] == "ACTIVE"


def test_a_bus_cannot_be_made_for_a_source_that_is_not_there(bus: LocalAws) -> None:
    name = "aws.partner/acme.example/nobody/orders"
    with pytest.raises(botocore.exceptions.ClientError, match="ResourceNotFoundException"):
        bus.client("events", CUSTOMER, REGION).create_event_bus(Name=name, EventSourceName=name)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "InternalException"),
        ({"status": 400, "error_code": "ThrottlingException"}, "ThrottlingException"),
    ],
)
def test_a_fault_fails_one_request_and_the_next_succeeds(
    bus: LocalAws, faults: Inject, fault: dict[str, Any], code: str
) -> None:
    faults([fault | {"requests": 1}])
    with pytest.raises(botocore.exceptions.ClientError, match=code):
        put(bus, SOURCE)
    assert put(bus, SOURCE)["FailedEntryCount"] == 0


@pytest.mark.parametrize("fault", [{"garbage": "<html>"}, {"cut": "before"}, {"cut": "after"}])
def test_botocore_gives_an_answer_without_entries_for_one_that_is_garbage_or_cut(
    bus: LocalAws, faults: Inject, fault: dict[str, Any]
) -> None:
    faults([fault | {"requests": 1}])
    assert put(bus, SOURCE).keys() == {"ResponseMetadata"}
    assert put(bus, SOURCE)["FailedEntryCount"] == 0


def test_a_request_cut_after_it_was_processed_was_delivered(bus: LocalAws, customer: Customer, faults: Inject) -> None:
    for cut, delivered in (("before", 0), ("after", 1)):
        faults([{"cut": cut, "requests": 1}])
        put(bus, ATTACHED)
        assert len(list(customer.received())) == delivered


def test_entries_fail_as_told(bus: LocalAws, faults: Inject) -> None:
    faults([{"error_code": "InternalFailure", "entries": [1], "requests": 1}, {"entries_per_second": 0.001}])
    codes = [result.get("ErrorCode") for result in put(bus, SOURCE, SOURCE, SOURCE)["Entries"]]
    assert codes == [None, "InternalFailure", None]
    assert {result["ErrorCode"] for result in put(bus, SOURCE, SOURCE)["Entries"]} == {"ThrottlingException"}


def test_what_is_not_a_list_of_faults_is_refused(bus: LocalAws) -> None:
    answer = httpx.put(f"{bus.url}/_partner_bus/faults", json={"color": "red"})
    assert (answer.status_code, answer.text) == (400, "expected a JSON list of faults")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def command(port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("partner-bus")), "--port", str(port)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_serves_its_example_source_and_leaves_nothing_behind(port: int) -> None:
    process = command(port)
    assert process.stderr
    try:
        assert f"Partner bus on http://127.0.0.1:{port}" in process.stderr.readline()
        [emulator] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        alone = LocalAws(f"http://127.0.0.1:{port}", None, Path())
        assert put(alone, SOURCE)["FailedEntryCount"] == 0
        second = command(port)
        assert second.wait(timeout=30) == 1
        assert second.stderr
        assert f"port {port} is in use" in second.stderr.read()
        second.stderr.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stderr.close()
    assert not Path(f"/proc/{emulator}").exists()


def test_the_emulator_ends_when_its_parent_is_killed(port: int) -> None:
    process = command(port)
    assert process.stderr
    process.stderr.readline()
    [emulator] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    variables = Path(f"/proc/{emulator}/environ").read_text().split("\0")
    home = Path(next(value for name, _, value in (one.partition("=") for one in variables) if name == "HOME"))
    assert home.exists()
    group = os.pidfd_open(int(emulator))
    process.kill()
    process.wait()
    process.stderr.close()
    ended, _, _ = select.select([group], [], [], 10)
    os.close(group)
    assert ended
    assert not home.exists()

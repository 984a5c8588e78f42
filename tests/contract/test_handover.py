"""What a customer is handed, deployed in the customer's account until events of the relay arrive there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay import bootstrap
from relay.aws import registry_table
from relay.destinations.model import Destination
from relay.handover.plan import Plan, make_plan
from relay.handover.render import Form, render
from relay_local.deploy import CUSTOMER, drain
from relay_local.process import PARTNER, LocalAws
from tests.deployed_destinations import Deployed
from tests.local_bus import REGION, SECRET, functions

RELAY_TOML = """\
transport = "direct"
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
ping = "Ping"
[[route]]
name = "orders"
path = "/orders"
auth = { scheme = "standard-webhooks", secret = "handover/orders" }
customer = "${item.customer}"
event = { each = "${body.events}", detail_type = "${item.type}", detail = "${item}" }
"""
ODD = 'it\'s "quoted" ${x} `id`'
DETAIL_TYPES = ("order.*", "order.created", ODD)
Run = Callable[..., subprocess.CompletedProcess[str]]
Deploy = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def deployed(bus: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    path = tmp_path_factory.mktemp("handover") / "relay.toml"
    path.write_text(RELAY_TOML)
    bus.client("secretsmanager", PARTNER, REGION).create_secret(Name="handover/orders", SecretString=SECRET)
    with functions(bus, path, "handover") as relay:
        yield Deployed(relay, bootstrap.load_config(), "handover")


@pytest.fixture
def run(bus: LocalAws, tmp_path: Path) -> Run:
    """Run a program as a customer does, with the AWS CLI and credentials of an account."""
    programs = tmp_path / "programs"
    programs.mkdir()
    # For SQS this version of the AWS CLI does not read AWS_ENDPOINT_URL.
    cli = Path(sys.executable).with_name("aws")
    (programs / "aws").write_text(
        f'#!/bin/sh\nif [ "$1" = sqs ]; then set -- "$@" --endpoint-url "$AWS_ENDPOINT_URL"; fi\nexec {cli} "$@"\n'
    )
    (programs / "aws").chmod(0o755)

    def program(*arguments: str, account: str = CUSTOMER, region: str = REGION) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = clean | bus.environment(account, region) | {"PATH": f"{programs}:{os.environ['PATH']}"}
        return subprocess.run(
            arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    return program


@pytest.fixture
def stack(run: Run, tmp_path: Path) -> Deploy:
    def deploy(customer: str, **where: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / f"{customer}.yaml"
        path.write_text(render(found(customer), Form.CLOUDFORMATION))
        template = ("--stack-name", customer, "--template-file", str(path))
        return run("aws", "cloudformation", "deploy", *template, **where)

    return deploy


@pytest.fixture
def script(run: Run, tmp_path: Path) -> Deploy:
    def deploy(customer: str, **where: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / f"{customer}.sh"
        path.write_text(render(found(customer), Form.CLI))
        return run("bash", str(path), **where)

    return deploy


def found(customer: str) -> Destination:
    destination = registry_table.connect().get(customer, "prod")
    assert destination
    return destination


def plan_of(customer: str) -> Plan:
    return make_plan(found(customer))


def connect(deployed: Deployed, customer: str, *detail_types: str) -> str:
    wanted = {"aws_account_id": CUSTOMER, "aws_region": REGION, "detail_types": detail_types}
    status, body = deployed.request("PUT", f"{customer}/destinations/prod", wanted)
    assert status == 201, body
    return str(body["source"])


def start(deployed: Deployed, customer: str) -> None:
    """Start delivery, once the customer has a bus."""
    status, body = deployed.request("POST", f"{customer}/destinations/prod/release")
    assert (status, body["source_status"]) == (200, "active")
    deployed.release()


def received(bus: LocalAws, queue_url: str) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in drain(bus.client("sqs", CUSTOMER, REGION), queue_url)]


def logged(bus: LocalAws, group: str) -> list[str]:
    events = bus.client("logs", CUSTOMER, REGION).filter_log_events(logGroupName=group)["events"]
    return sorted(json.loads(event["message"])["detail-type"] for event in events)


def state(bus: LocalAws, source: str) -> str:
    return str(bus.client("events", CUSTOMER, REGION).describe_event_source(Name=source)["State"])


def test_what_was_held_arrives_once_at_the_rules_of_the_stack(bus: LocalAws, deployed: Deployed, stack: Deploy) -> None:
    connect(deployed, "stack", *DETAIL_TYPES)
    check_arrival(bus, deployed, "stack", stack)


def test_what_was_held_arrives_once_at_the_rules_of_the_script_that_was_cut_off_before(
    bus: LocalAws, deployed: Deployed, script: Deploy
) -> None:
    source = connect(deployed, "script", *DETAIL_TYPES)
    events = bus.client("events", CUSTOMER, REGION)
    bus_arn = events.create_event_bus(Name=source, EventSourceName=source)["EventBusArn"]
    plan, logs = plan_of("script"), bus.client("logs", CUSTOMER, REGION)
    events.create_archive(ArchiveName=plan.stem, EventSourceArn=bus_arn, RetentionDays=14)
    logs.create_log_group(logGroupName=plan.event_log)
    logs.put_delivery_source(name=plan.stem, resourceArn=bus_arn, logType="ERROR_LOGS")
    configuration = {"destinationResourceArn": plan.arn("logs", f"log-group:{plan.bus_log}")}
    made = logs.put_delivery_destination(name=plan.stem, deliveryDestinationConfiguration=configuration)
    logs.create_delivery(deliverySourceName=plan.stem, deliveryDestinationArn=made["deliveryDestination"]["arn"])
    check_arrival(bus, deployed, "script", script)


def check_arrival(bus: LocalAws, deployed: Deployed, customer: str, deploy: Deploy) -> None:
    body = deployed.post(customer, "order.created", ODD, "refund.created")
    assert [next(iter(entry)) for entry in body["entries"]] == ["held", "held", "unsubscribed"]
    done = deploy(customer)
    assert done.returncode == 0, done.stdout + done.stderr
    start(deployed, customer)
    deployed.request("POST", f"{customer}/destinations/prod/ping")
    plan = plan_of(customer)
    events = received(bus, queue_of(bus, customer, plan.stem))
    assert sorted(event["detail-type"] for event in events) == [ODD, "order.created"]
    assert {(event["source"], event["account"]) for event in events} == {(plan.source, CUSTOMER)}
    assert logged(bus, plan.event_log) == ["Ping", ODD, "order.created"]
    assert everything_else(bus, plan.source) == {
        "log": {"Level": "ERROR", "IncludeDetail": "NONE"},
        "archived": [14],
        "alarms": {"events-1", "events-2"},
        "deliveries": 1,
    }


def queue_of(bus: LocalAws, stack: str, stem: str) -> str:
    urls = bus.client("sqs", CUSTOMER, REGION).list_queues()["QueueUrls"]
    [queue_url] = [url for url in urls if f"/{stem}-events" in url or f"/{stack}-Queue-" in url]
    return str(queue_url)


def everything_else(bus: LocalAws, source: str) -> dict[str, Any]:
    """Return what a bus has beside its rules, as AWS describes it."""
    events, logs = bus.client("events", CUSTOMER, REGION), bus.client("logs", CUSTOMER, REGION)
    described = events.describe_event_bus(Name=source)
    archives = events.list_archives(EventSourceArn=described["Arn"])["Archives"]
    alarms = bus.client("cloudwatch", CUSTOMER, REGION).describe_alarms()["MetricAlarms"]
    dimensions = [{one["Name"]: one["Value"] for one in alarm["Dimensions"]} for alarm in alarms]
    sources = logs.describe_delivery_sources()["deliverySources"]
    names = {one["name"] for one in sources if one["resourceArns"] == [described["Arn"]]}
    deliveries = logs.describe_deliveries()["deliveries"]
    return {
        "log": described["LogConfig"],
        "archived": [archive["RetentionDays"] for archive in archives],
        "alarms": {one["RuleName"] for one in dimensions if one["EventBusName"] == source},
        "deliveries": sum(delivery["deliverySourceName"] in names for delivery in deliveries),
    }


@pytest.mark.parametrize(
    ("form", "where", "says"),
    [
        ("stack", {"account": "333333333333"}, "This source belongs to another AWS account"),
        ("stack", {"region": "eu-west-1"}, "This source belongs to another Region"),
        ("script", {"account": "333333333333"}, f"belongs to account {CUSTOMER}"),
    ],
)
def test_in_another_account_or_region_nothing_is_made(
    bus: LocalAws, deployed: Deployed, form: str, where: dict[str, str], says: str, request: pytest.FixtureRequest
) -> None:
    customer = f"{form}-{next(iter(where))}"
    source = connect(deployed, customer, "*")
    done = request.getfixturevalue(form)(customer, **where)
    assert done.returncode != 0
    assert says in done.stdout + done.stderr
    assert state(bus, source) == "PENDING"


def test_the_script_says_that_an_old_bus_is_in_the_way(bus: LocalAws, deployed: Deployed, script: Deploy) -> None:
    source = connect(deployed, "old", "*")
    bus.client("events", CUSTOMER, REGION).create_event_bus(Name=source, EventSourceName=source)
    partner = bus.client("events", PARTNER, REGION)
    partner.delete_partner_event_source(Name=source, Account=CUSTOMER)
    assert "Delete the bus of its name" in script("old").stderr
    partner.create_partner_event_source(Name=source, Account=CUSTOMER)
    done = script("old")
    assert done.returncode == 1
    assert "The source is PENDING although there is a bus of its name." in done.stderr


def test_deleting_the_stack_makes_the_source_pending_and_deploying_it_again_active(
    bus: LocalAws, deployed: Deployed, stack: Deploy, run: Run
) -> None:
    source = connect(deployed, "gone", "*")
    assert stack("gone").returncode == 0
    assert state(bus, source) == "ACTIVE"
    run("aws", "cloudformation", "delete-stack", "--stack-name", "gone")
    run("aws", "cloudformation", "wait", "stack-delete-complete", "--stack-name", "gone")
    assert state(bus, source) == "PENDING"
    assert stack("gone").returncode == 0
    assert state(bus, source) == "ACTIVE"

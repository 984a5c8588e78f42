"""`relayctl doctor` as an operator runs it, on a stack in the local AWS that has what the checks look at."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relay.destinations.model import SourceState, SourceStatus
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION
from tests.relayctl.conftest import run
from tests.relayctl.test_destinations import ENVIRONMENT as KEYS
from tests.relayctl.test_destinations import url, world
from tests.unit.control.world import World
from tests.unit.destinations.destinations import destination

__all__ = ["url", "world"]  # fixtures

NAME = "aws.partner/doctor.example"
RELAY = f"""
partner = "{NAME}"
regions = ["{REGION}"]
[destinations]
[[route]]
name = "orders"
path = "/orders"
auth = {{ scheme = "standard-webhooks", secret = "doctor/orders" }}
customer = "${{body.customer}}"
event = {{ detail_type = "a" }}
[[route]]
name = "shop"
path = "/shop"
preset = "github"
auth = {{ secret = "ssm:/doctor/shop" }}
event = {{ source = "{NAME}/shop" }}
"""
TEMPLATE = {
    "Resources": {name: {"Type": "AWS::SQS::Queue"} for name in ("Delivery", "Retry", "Dead")},
    "Outputs": {
        "DeliveryQueueUrl": {"Value": {"Ref": "Delivery"}},
        "RetryQueueUrl": {"Value": {"Ref": "Retry"}},
        "DeadLetterQueueUrl": {"Value": {"Ref": "Dead"}},
        "Partner": {"Value": NAME},
    },
}
ENVIRONMENT = {name: str(value) for name, value in KEYS.items()}
numbers = itertools.count(1)


@dataclass
class Doctor:
    """`relayctl doctor` and what it looks at."""

    aws: LocalAws
    stack: str
    config: Path
    control_url: str

    def client(self, service: str) -> Any:
        """Return a boto3 client in the account of the stack."""
        return self.aws.client(service, PARTNER, REGION)

    def __call__(self, *arguments: str) -> tuple[int, list[dict[str, str]]]:
        """Return the exit code and the findings."""
        code, out = self.screen(*arguments, "--output", "json")
        return code, json.loads(out)

    def screen(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and what is printed."""
        command = ("doctor", "--stack-name", self.stack, "--config", str(self.config), *arguments)
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": self.aws.url, "RELAY_CONTROL_URL": self.control_url}
        done = run(*command, **environment)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stderr == ""
        return done.returncode, done.stdout

    def report(self, name: str, value: float, ago: timedelta = timedelta(0), **dimensions: str) -> None:
        """Emit a metric of the relay, as the functions' log lines do on AWS."""
        named = [{"Name": key, "Value": each} for key, each in ({"service": self.stack} | dimensions).items()]
        data = {"MetricName": name, "Dimensions": named, "Value": value, "Timestamp": datetime.now(UTC) - ago}
        self.client("cloudwatch").put_metric_data(Namespace="PartnerEventRelay", MetricData=[data])

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the stack."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


@pytest.fixture
def doctor(bus: LocalAws, url: str, world: World, tmp_path: Path) -> Iterator[Doctor]:
    """Make a stack with whose relay all is well: one customer and one route with a source of its own."""
    path = tmp_path / "relay.toml"
    path.write_text(RELAY)
    doctor = Doctor(bus, f"Doctor-{next(numbers)}", path, url)
    with stack(doctor, doctor.stack):
        secrets, parameters = doctor.client("secretsmanager"), doctor.client("ssm")
        secrets.create_secret(Name="doctor/orders", SecretString="whsec_a")
        parameters.put_parameter(Name="/doctor/shop", Value="b", Type="SecureString")
        sources = [f"{NAME}/c42/prod-id", f"{NAME}/shop"]
        for source in sources:
            doctor.client("events").create_partner_event_source(Name=source, Account=CUSTOMER)
            bus.client("events", CUSTOMER, REGION).create_event_bus(Name=source, EventSourceName=source)
        old = datetime.now(UTC) - timedelta(days=2)
        world.rows["c42", "prod"] = destination(source=sources[0], created_at=old)
        doctor.report("ReconcilerRuns", 1)
        yield doctor
        for source in sources:
            bus.client("events", CUSTOMER, REGION).delete_event_bus(Name=source)
            doctor.client("events").delete_partner_event_source(Name=source, Account=CUSTOMER)
        for name in [secret["Name"] for secret in secrets.list_secrets()["SecretList"]]:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        parameters.delete_parameter(Name="/doctor/shop")


@contextmanager
def stack(doctor: Doctor, name: str) -> Iterator[None]:
    """Make a relay's stack, for a while."""
    client = doctor.client("cloudformation")
    tags = [{"Key": "service", "Value": "partner-event-relay"}]
    client.create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE), Tags=tags)
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 600})
    yield
    client.delete_stack(StackName=name)


def wrong(findings: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Return where what is not well."""
    return [(each["check"], each["result"], each["where"]) for each in findings if each["result"] != "ok"]


def test_where_all_is_well_the_exit_code_is_0_and_each_check_says_what_it_saw(doctor: Doctor) -> None:
    doctor.report("WebhooksRelayed", 1, timedelta(minutes=12), route="orders")
    code, findings = doctor()
    assert wrong(findings) == []
    assert code == 0
    told = [(each["check"], each["where"], each["message"]) for each in findings[1:]]
    assert told[:-2] == [
        ("secrets", "", "2 can be read and are not empty"),
        ("stages", "", f"no other relay in this Region of the account is {NAME}"),
        ("sources", "", "2, and each is a destination's or a route's"),
        ("destinations", "", "1"),
        ("queues", "delivery queue", "empty"),
        ("queues", "retry queue", "empty"),
        ("queues", "dead-letter queue", "empty"),
    ]
    assert told[-2][:2] == ("webhooks", "orders")
    assert told[-2][2] in {"the last one 12 min ago", "the last one 13 min ago"}
    assert told[-1] == ("webhooks", "shop", "none within a day")


def test_all_that_is_wrong_is_told_at_once_with_what_to_do(doctor: Doctor, world: World) -> None:
    doctor.client("secretsmanager").put_secret_value(SecretId="doctor/orders", SecretString="[]")
    doctor.client("events").create_partner_event_source(Name=f"{NAME}/c7/prod-old", Account=CUSTOMER)
    doctor.aws.client("events", CUSTOMER, REGION).delete_event_bus(Name=f"{NAME}/shop")
    old = datetime.now(UTC) - timedelta(days=2)
    pending = destination(
        SourceState(SourceStatus.PENDING), customer="c43", source=f"{NAME}/c43/prod-i", created_at=old
    )
    world.rows["c43", "prod"] = pending
    sqs, outputs = doctor.client("sqs"), doctor.outputs()
    sqs.send_message(QueueUrl=outputs["RetryQueueUrl"], MessageBody="{}", DelaySeconds=900)
    sqs.send_message(QueueUrl=outputs["DeadLetterQueueUrl"], MessageBody="{}")
    doctor.report("OldestWaitingSeconds", 1000, timedelta(minutes=10))
    doctor.report("OldestWaitingSeconds", 5)  # of a new message: the old one is received every quarter of an hour
    for name, ago in (("EntriesAccepted", timedelta(hours=2)), ("EntriesUnsubscribed", timedelta(minutes=2))):
        doctor.report(name, 1, ago, route="orders")
    with stack(doctor, f"{doctor.stack}-dev"):
        code, findings = doctor()
    doctor.client("events").delete_partner_event_source(Name=f"{NAME}/c7/prod-old", Account=CUSTOMER)
    doctor.aws.client("events", CUSTOMER, REGION).create_event_bus(Name=f"{NAME}/shop", EventSourceName=f"{NAME}/shop")
    assert code == 1
    assert wrong(findings) == [
        ("secrets", "wrong", "doctor/orders (orders)"),
        ("stages", "wrong", f"{doctor.stack}-dev"),
        ("sources", "wrong", f"{REGION} {NAME}/c43/prod-i"),
        ("sources", "wrong", f"{REGION} {NAME}/c7/prod-old"),
        ("sources", "wrong", f"{REGION} {NAME}/shop"),
        ("destinations", "wrong", f"c43/prod (account 222222222222, {REGION})"),
        ("queues", "wrong", "retry queue"),
        ("queues", "wrong", "dead-letter queue"),
        ("webhooks", "wrong", "orders"),
    ]
    assert all(each["action"] for each in findings if each["result"] == "wrong")


def test_where_cloudwatch_has_no_metrics_that_is_said_and_the_rest_is_checked(doctor: Doctor) -> None:
    other = replace(doctor, stack=f"{doctor.stack}-quiet")
    with stack(doctor, other.stack):
        code, findings = other("--skip", "stages")
    assert (code, wrong(findings)) == (1, [("webhooks", "not checked", "")])
    assert "local AWS, which has none" in findings[-1]["message"]


def test_a_stack_that_is_no_relays_has_no_queues_to_look_at(doctor: Doctor) -> None:
    other = replace(doctor, stack=f"{doctor.stack}-other")
    client = doctor.client("cloudformation")
    client.create_stack(StackName=other.stack, TemplateBody=json.dumps({"Resources": TEMPLATE["Resources"]}))
    code, findings = other("--skip", "webhooks", "--skip", "stages")
    client.delete_stack(StackName=other.stack)
    assert code == 1
    assert wrong(findings) == [
        ("queues", "not checked", "delivery queue"),
        ("queues", "not checked", "retry queue"),
        ("queues", "not checked", "dead-letter queue"),
    ]
    assert "has no output RetryQueueUrl" in findings[-2]["message"]


def test_a_check_can_be_left_out(doctor: Doctor) -> None:
    doctor.client("secretsmanager").put_secret_value(SecretId="doctor/orders", SecretString="[]")
    assert doctor()[0] == 1
    code, findings = doctor("--skip", "secrets", "--skip", "clock")
    assert (code, {each["check"] for each in findings} & {"secrets", "clock"}) == (0, set())


def test_a_control_api_that_refuses_makes_no_source_an_orphan(doctor: Doctor) -> None:
    nowhere = replace(doctor, control_url="http://127.0.0.1:1")
    code, findings = nowhere()
    assert code == 1
    assert wrong(findings) == [("sources", "not checked", "destinations"), ("destinations", "not checked", "")]


def test_the_screen_says_what_to_do_below_what_is_wrong(doctor: Doctor) -> None:
    doctor.client("secretsmanager").delete_secret(SecretId="doctor/orders", ForceDeleteWithoutRecovery=True)
    code, screen = doctor.screen()
    assert code == 1
    rows = screen.splitlines()
    [place] = [place for place, row in enumerate(rows) if row.startswith("wrong")]
    assert rows[place] == (
        "wrong        secrets       doctor/orders (orders): there is no such secret: the route refuses every webhook"
    )
    assert (
        rows[place + 1].strip() == "to do: aws secretsmanager create-secret --name doctor/orders --secret-string VALUE"
    )


def test_no_value_of_a_secret_is_printed(doctor: Doctor) -> None:
    doctor.client("secretsmanager").put_secret_value(SecretId="doctor/orders", SecretString='["whsec_hidden"]')
    for format_ in ("table", "json", "text"):
        assert "hidden" not in doctor.screen("--output", format_)[1]


def test_a_secret_for_each_customer_is_found_by_the_beginning_of_its_name(doctor: Doctor) -> None:
    text = RELAY.replace('path = "/orders"', 'path = "/orders/{customer}"').replace(
        "${body.customer}", "${path.customer}"
    )
    doctor.config.write_text(text.replace('"doctor/orders"', '"doctor/each/${path.customer}"'))
    assert wrong(doctor()[1]) == [("secrets", "wrong", "doctor/each/${path.customer} (orders)")]
    doctor.client("secretsmanager").create_secret(Name="doctor/each/c42", SecretString="whsec_a")
    assert doctor()[0] == 0


def test_without_a_stack_nothing_is_checked(doctor: Doctor) -> None:
    done = run("doctor", "--stack-name", "Nothing", **ENVIRONMENT, AWS_ENDPOINT_URL=doctor.aws.url)
    assert done.returncode == 1
    assert done.stderr.startswith('No stack is named "Nothing" in Region us-east-1')


@pytest.mark.parametrize("told", ["No AWS Region is set", "No AWS credentials were found"])
def test_without_a_region_or_credentials_one_line_says_what_to_set(told: str) -> None:
    done = run("doctor", *(() if "Region" in told else ("--region", REGION)))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(told)


def test_a_mistake_in_relay_toml_is_exit_code_2(doctor: Doctor) -> None:
    doctor.config.write_text("partner = 1")
    assert run("doctor", "--config", str(doctor.config)).returncode == 2

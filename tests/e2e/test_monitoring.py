"""What an operator is shown is what the functions emit: no alarm or graph waits for a metric that never comes."""

import json
from typing import Any

import pytest

from partner_event_relay.monitoring.insights import QUERIES
from partner_event_relay.monitoring.line_metrics import line_metrics
from relay_local.deploy import STACK
from relay_local.samples import SIGNERS
from relayctl.control import ControlApiError
from tests.e2e.conftest import Relay
from tests.e2e.test_redelivery import faults
from tests.filter_patterns import counted

__all__ = ["faults"]  # a fixture

NAMESPACE = "PartnerEventRelay"
Used = tuple[str, frozenset[tuple[str, str]]]


def emitted(relay: Relay) -> set[Used]:
    """Each metric in the functions' logs, or counted by their lines, with its dimensions."""
    found: set[Used] = set()
    logs = relay.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
            line = json.loads(event["message"]) if event["message"].startswith("{") else {}
            # The local AWS has no metric filters.
            for metric in line_metrics(log_entries=True):
                if counted(metric.pattern, metric.value, [line]):
                    for names in (("service",), ("service", "route")):
                        found.add((metric.name, frozenset((name, line[name]) for name in names)))
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                assert directive["Namespace"] == NAMESPACE
                for one in directive["Metrics"]:
                    for names in directive["Dimensions"]:
                        found.add((one["Name"], frozenset((name, line[name]) for name in names)))
    return found


def used(relay: Relay) -> set[Used]:
    """Each metric of ours that an alarm or a widget of the deployed stack uses."""
    cloudwatch = relay.client("cloudwatch")
    found: set[Used] = {
        (alarm["MetricName"], frozenset((one["Name"], one["Value"]) for one in alarm["Dimensions"]))
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if alarm["Namespace"] == NAMESPACE
    }
    [dashboard] = cloudwatch.list_dashboards()["DashboardEntries"]
    body = json.loads(cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
    for widget in body["widgets"]:
        before: list[str] = []
        for metric in widget["properties"].get("metrics", []):
            texts = [one for one in metric if isinstance(one, str)]
            # A dot is what stands there in the metric before.
            before = [before[position] if one == "." else one for position, one in enumerate(texts)]
            namespace, name, *pairs = before
            if namespace == NAMESPACE:
                found.add((name, frozenset(zip(pairs[::2], pairs[1::2], strict=True))))
    return found


def test_every_metric_that_is_watched_is_emitted(relay: Relay, faults: Any) -> None:
    for sample in relay.session.samples:
        assert relay.post(sample.path, sample.body, sample.signed()).status_code == 202
    orders = relay.sample("/orders")

    def signed(body: bytes) -> dict[str, str]:
        return SIGNERS["standard-webhooks"](orders.secret, body)

    statuses = [
        relay.post("/orders", b"{", signed(b"{")).status_code,
        relay.post("/orders", b"{}", {}).status_code,
        relay.post("/nowhere", b"{}", {}).status_code,
        relay.post("/orders", b"x" * (1024 * 1024 + 1), {}).status_code,
    ]
    faults([{"status": 500}])
    with relay.without("sqs:SendMessage"):
        statuses.append(relay.post("/orders", orders.body, orders.signed()).status_code)
    assert relay.post("/orders", orders.body, orders.signed()).json()["queued"] == 44
    relay.until(lambda: any(name == "MessagesPostponed" for name, _ in emitted(relay)))
    faults([])
    relay.until(relay.delivers)
    relay.until(lambda: relay.waiting() == 0)
    functions = relay.client("lambda")
    [health] = [
        one["FunctionName"] for one in functions.list_functions()["Functions"] if "SourceHealth" in one["FunctionName"]
    ]
    answer = functions.invoke(FunctionName=health, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert statuses == [400, 401, 404, 413, 503]
    holding_fails_and_works(relay)
    the_control_api_fails(relay)
    the_archive_fails(relay)
    relay.until(lambda: any(name == "ReconcilerRuns" for name, _ in emitted(relay)), seconds=90)
    unseen = {name for name, _ in used(relay) - emitted(relay)}
    # The one is counted every ten minutes, by the clock; the other is of queued routes, and there is none.
    assert unseen <= {"SourcesOrphaned", "EntriesQueuedForDelivery"}
    assert len(used(relay)) >= 18
    relay.received()
    relay.dead_letters()


def holding_fails_and_works(relay: Relay) -> None:
    """Post for a customer who has not attached a bus, without and with the bucket; then the customer attaches one."""
    connections, sample = relay.session.connections, relay.sample("/orders")
    assert connections
    connections.connect(["c900"])
    body = json.dumps({"events": [json.loads(sample.body)["events"][0] | {"customer": "c900"}]}).encode()
    with relay.without("s3:PutObject"):
        assert relay.post("/orders", body, sample.signed(body)).json()["queued"] == 1
    assert relay.post("/orders", body, sample.signed(body)).json()["held"] == 1
    relay.until(lambda: connections.show("c900")["held"]["webhooks"] == 2)
    connections.attach(["c900"])
    relay.until(lambda: connections.show("c900")["held"]["webhooks"] == 0)


def the_archive_fails(relay: Relay) -> None:
    """Post while neither Firehose nor the bucket takes a webhook: it is delivered all the same."""
    sample = relay.sample("/github")
    with relay.without("firehose:PutRecord"), relay.without("s3:PutObject"):
        assert relay.post(sample.path, sample.body, sample.signed()).json()["accepted"] == 1


def the_control_api_fails(relay: Relay) -> None:
    """Ask for destinations while the control API may not read the registry."""
    connections = relay.session.connections
    assert connections
    with relay.without("dynamodb:Query", "DestinationsControl"), pytest.raises(ControlApiError, match="503"):
        connections.show("c900")


def test_the_states_of_the_sources_are_counted(relay: Relay) -> None:
    events, functions = relay.client("events"), relay.client("lambda")
    events.create_partner_event_source(Name="aws.partner/acme.example/health/pending", Account="222222222222")
    [health] = [
        one["FunctionName"] for one in functions.list_functions()["Functions"] if "SourceHealth" in one["FunctionName"]
    ]
    functions.invoke(FunctionName=health, Payload=b"{}")
    logs = relay.client("logs")
    [group] = [
        one["logGroupName"] for one in logs.describe_log_groups()["logGroups"] if "SourceHealth" in one["logGroupName"]
    ]
    messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    lines = [json.loads(message) for message in messages if message.startswith("{")]
    states = [line["states"] for line in lines if line.get("message") == "sources"][-1]
    assert states["PENDING"] >= 1
    assert 3 <= states["ACTIVE"] < 6  # those of destinations are the reconciler's
    counted = [line for line in lines if "SourcesPending" in line][-1]
    assert counted["SourcesPending"] == [float(states["PENDING"])]
    assert counted["SourcesExpiring"] == [0.0]


def test_a_source_that_is_gone_since_the_last_look_is_counted(relay: Relay) -> None:
    name = "aws.partner/acme.example/health/expired"
    events, functions = relay.client("events"), relay.client("lambda")
    [health] = [
        one["FunctionName"] for one in functions.list_functions()["Functions"] if "SourceHealth" in one["FunctionName"]
    ]
    events.create_partner_event_source(Name=name, Account="222222222222")
    answers = [functions.invoke(FunctionName=health, Payload=b"{}")]
    events.delete_partner_event_source(Name=name, Account="222222222222")
    answers += [functions.invoke(FunctionName=health, Payload=b"{}") for _ in range(2)]
    assert not [one for one in answers if "FunctionError" in one]
    logs = relay.client("logs")
    [group] = [
        one["logGroupName"] for one in logs.describe_log_groups()["logGroups"] if "SourceHealth" in one["logGroupName"]
    ]
    messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    lines = [json.loads(message) for message in messages if message.startswith("{")]
    looks = [line["vanished"] for line in lines if line.get("message") == "sources"][-3:]
    missed = [[one.split(" ")[1] for one in look if name in one] for look in looks]
    assert missed == [[], [name], [name]]


def test_no_body_secret_or_signature_is_in_any_log_of_a_full_run(relay: Relay, faults: Any) -> None:
    private: set[str] = set()
    for sample in relay.session.samples:
        for fault in ([], [{"requests": 1, "error_code": "MalformedDetail"}], [{"requests": 9, "status": 500}]):
            faults(fault)
            signed = sample.signed()
            relay.post(sample.path, sample.body, signed)
            relay.post(sample.path, sample.body + b" ", signed)
            private |= {value for name, value in signed.items() if "signature" in name or "hmac" in name}
        middle = len(sample.body) // 2
        private |= {sample.secret, sample.body[middle : middle + 40].decode()}
    faults([])
    relay.until(lambda: relay.waiting() == 0)
    relay.received()
    relay.dead_letters()
    logs = relay.client("logs")
    messages = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert len(messages) > 20
    assert len(private) > 12
    assert [one for one in private if any(one in message for message in messages)] == []


def test_the_saved_queries_and_the_rules_are_deployed(relay: Relay) -> None:
    pages = relay.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    deployed = [
        (one["ResourceType"], one["ResourceStatus"]) for page in pages for one in page["StackResourceSummaries"]
    ]
    assert deployed.count(("AWS::Logs::QueryDefinition", "CREATE_COMPLETE")) == len(QUERIES)
    assert deployed.count(("AWS::CloudWatch::InsightRule", "CREATE_COMPLETE")) == 2

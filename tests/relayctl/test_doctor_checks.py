"""The checks of `relayctl doctor`, on what could be read: no network."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relay import config
from relay.auth.secret_ref import SecretRef
from relay.config.model import Config
from relayctl.commands.doctor import lines
from relayctl.doctor.clock import check_clock
from relayctl.doctor.destinations import check_destinations
from relayctl.doctor.finding import Check, Finding, Result, Unread, for_stack, wrong
from relayctl.doctor.queues import QueueReading, check_queues, duration
from relayctl.doctor.secrets import SecretReading, check_secrets
from relayctl.doctor.sources import Names, States, check_sources, sources_of_routes
from relayctl.doctor.stages import check_stages
from relayctl.doctor.webhooks import Series, check_webhooks, traffic

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PARTNER = "aws.partner/acme.example"
DENIED = Unread("An error occurred (AccessDenied)", is_denied=True)
REGION = "us-east-1"
RELAY = f"""
partner = "{PARTNER}"
regions = ["us-east-1", "eu-west-1"]
[destinations]
[[route]]
name = "orders"
path = "/orders"
auth = {{ scheme = "standard-webhooks", secret = "acme/orders" }}
customer = "${{body.customer}}"
event = {{ detail_type = "a" }}
[[route]]
name = "github"
path = "/github"
preset = "github"
auth = {{ secret = "ssm:/acme/github" }}
event = {{ source = "{PARTNER}/github/${{body.owner}}" }}
[[route]]
name = "shop"
path = "/shop"
preset = "github"
auth = {{ secret = "acme/shop" }}
event = {{ source = "{PARTNER}/shop" }}
[[route]]
name = "far"
path = "/far"
preset = "github"
auth = {{ secret = "acme/shop" }}
event = {{ source = "{PARTNER}/far", region = "eu-west-1" }}
[[route]]
name = "own"
path = "/own"
preset = "github"
bus = "my-bus"
auth = {{ secret = "acme/shop" }}
event = {{ source = "acme.own" }}
"""


@pytest.fixture
def relay(tmp_path: Path) -> Config:
    return parsed(tmp_path, RELAY)


def parsed(folder: Path, text: str) -> Config:
    path = folder / "relay.toml"
    path.write_text(text)
    return config.load(path)


def problems(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Where something is wrong or was not checked, and how; what is wrong says what to do."""
    assert all(finding.action for finding in findings if finding.result is not Result.OK)
    return [(finding.where, str(finding.result)) for finding in findings if finding.result is not Result.OK]


def messages(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.where}: {finding.message} → {finding.action}" for finding in findings)


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_clock_that_is_a_minute_off_is_right_enough(seconds: int) -> None:
    assert problems(check_clock(NOW + timedelta(seconds=seconds), NOW)) == []


@pytest.mark.parametrize(("seconds", "told"), [(-61, "61 seconds behind"), (400, "400 seconds ahead of")])
def test_a_clock_that_is_further_off_is_wrong(seconds: int, told: str) -> None:
    [finding] = check_clock(NOW + timedelta(seconds=seconds), NOW)
    assert finding.result is Result.WRONG
    assert told in finding.message


def test_what_may_not_be_read_is_not_checked_and_says_which_permissions_it_needs(relay: Config) -> None:
    for findings in (
        check_clock(NOW, DENIED),
        check_secrets(relay.routes, {SecretRef.parse("acme/orders"): DENIED}),
        check_stages("PartnerEventRelay", PARTNER, DENIED),
        check_destinations(DENIED, NOW),
        check_queues(EMPTY, DENIED, QueueReading(0, None)),
        check_webhooks(relay.routes, DENIED, NOW),
        check_sources(relay, {REGION: DENIED, "eu-west-1": {f"{PARTNER}/far"}}, [], {}, NOW),
    ):
        [denied] = [finding for finding in findings if finding.result is not Result.OK]
        assert (denied.result, denied.message) == (Result.NOT_CHECKED, DENIED.reason)
        assert "docs/how-to/permissions.md" in denied.action


def secrets(relay: Config, **readings: SecretReading) -> list[Finding]:
    names = {"orders": "acme/orders", "github": "ssm:/acme/github", "shop": "acme/shop"}
    return check_secrets(relay.routes, {SecretRef.parse(names[name]): found for name, found in readings.items()})


def test_secrets_that_have_values_are_counted(relay: Config) -> None:
    [finding] = secrets(relay, orders=2, github=1, shop=1)
    assert (finding.result, finding.message) == (Result.OK, "3 can be read and are not empty")


def test_a_secret_that_is_missing_is_named_with_its_routes_and_the_command_that_stores_it(relay: Config) -> None:
    findings = secrets(relay, orders=None, github=None, shop=1)
    assert problems(findings) == [("acme/orders (orders)", "wrong"), ("ssm:/acme/github (github)", "wrong")]
    assert "aws secretsmanager create-secret --name acme/orders" in findings[0].action
    assert "aws ssm put-parameter --type SecureString --name /acme/github" in findings[1].action


def test_a_secret_without_a_value_is_wrong_for_every_route_that_has_it(relay: Config) -> None:
    [finding] = secrets(relay, orders=1, github=1, shop=0)
    assert (finding.where, finding.result) == ("acme/shop (shop, far, own)", Result.WRONG)
    assert "empty" in finding.message
    assert "put-secret-value --secret-id acme/shop" in finding.action


def test_a_secret_for_each_customer_needs_at_least_one(tmp_path: Path) -> None:
    text = RELAY.replace('path = "/orders"', 'path = "/orders/{customer}"').replace(
        "${body.customer}", "${path.customer}"
    )
    relay = parsed(tmp_path, text.replace('"acme/orders"', '"acme/orders/${path.customer}"'))
    ref = SecretRef.parse("acme/orders/${path.customer}")
    assert problems(check_secrets(relay.routes, {ref: 1})) == []
    assert "no secret's name begins with acme/orders/" in messages(check_secrets(relay.routes, {ref: 0}))


def test_a_stage_with_the_same_partner_name_in_the_account_is_wrong() -> None:
    stacks = {"PartnerEventRelay": {"Partner": PARTNER}, "PartnerEventRelay-dev": {"Partner": PARTNER}}
    findings = check_stages("PartnerEventRelay", PARTNER, stacks)
    assert problems(findings) == [("PartnerEventRelay-dev", "wrong")]
    stacks["PartnerEventRelay-dev"] = {"Partner": "aws.partner/acme.example.dev"}
    assert problems(check_stages("PartnerEventRelay", PARTNER, stacks)) == []


def test_a_relay_toml_of_another_partner_than_the_deployed_one_is_wrong() -> None:
    findings = check_stages("PartnerEventRelay", PARTNER, {"PartnerEventRelay": {"Partner": "aws.partner/other"}})
    assert problems(findings) == [("PartnerEventRelay", "wrong")]


def test_a_stack_that_does_not_say_its_partner_could_not_be_compared() -> None:
    assert problems(check_stages("PartnerEventRelay", PARTNER, {"Old": {}})) == [("Old", "not checked")]


def row(**values: Any) -> dict[str, Any]:
    """Return a destination as the control API does: active, and two days old."""
    base = {
        "customer": "c42",
        "name": "prod",
        "aws_account_id": "222222222222",
        "aws_region": REGION,
        "source": f"{PARTNER}/c42/prod-id",
        "status": "enabled",
        "status_reason": None,
        "source_status": "active",
        "created_at": (NOW - timedelta(days=2)).isoformat(),
    }
    return base | values


def created(ago: timedelta) -> str:
    return (NOW - ago).isoformat()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"status": "paused"},
        {"source_status": "pending", "created_at": created(timedelta(hours=23))},
        {"source_status": "unknown", "created_at": created(timedelta(minutes=9))},
    ],
)
def test_a_destination_that_can_receive_or_is_just_being_connected_is_well(values: dict[str, Any]) -> None:
    assert problems(check_destinations([row(**values)], NOW)) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"source_status": "missing"}, "is gone"),
        ({"source_status": "pending"}, "attached no event bus"),
        ({"source_status": "unknown"}, "has not looked"),
        ({"status": "disabled", "status_reason": "never-attached"}, "disabled (never-attached)"),
    ],
)
def test_a_destination_that_cannot_receive_is_named_with_what_to_do(values: dict[str, Any], told: str) -> None:
    [finding] = check_destinations([row(), row(customer="c43", **values)], NOW)
    assert (finding.result, finding.where) == (Result.WRONG, "c43/prod (account 222222222222, us-east-1)")
    assert told in finding.message


SOURCES: Names = {REGION: {f"{PARTNER}/c42/prod-id", f"{PARTNER}/shop"}, "eu-west-1": {f"{PARTNER}/far"}}


def test_sources_that_all_belong_to_a_destination_or_a_route_are_well(relay: Config) -> None:
    [finding] = check_sources(relay, SOURCES, [row()], {}, NOW)
    assert (finding.result, finding.message[:2]) == (Result.OK, "3,")


def test_a_source_that_is_nobodys_is_an_orphan(relay: Config) -> None:
    names = {**SOURCES, REGION: {*SOURCES[REGION], f"{PARTNER}/c7/prod-old"}}  # type: ignore[misc]  # they were read
    assert problems(check_sources(relay, names, [row()], {}, NOW)) == [(f"us-east-1 {PARTNER}/c7/prod-old", "wrong")]


def test_while_the_destinations_are_unknown_nobody_is_called_an_orphan(relay: Config) -> None:
    assert problems(check_sources(relay, SOURCES, DENIED, {}, NOW)) == [("destinations", "not checked")]


def test_a_destination_whose_source_is_in_no_list_is_missing_unless_it_is_new(relay: Config) -> None:
    names = {**SOURCES, REGION: {f"{PARTNER}/shop"}}
    assert problems(check_sources(relay, names, [row()], {}, NOW)) == [(f"us-east-1 {PARTNER}/c42/prod-id", "wrong")]
    new = row(created_at=created(timedelta(minutes=9)))
    assert problems(check_sources(relay, names, [new], {}, NOW)) == []


def test_what_the_registry_knows_to_be_missing_is_told_by_the_destinations_alone(relay: Config) -> None:
    names = {**SOURCES, REGION: {f"{PARTNER}/shop"}}
    assert problems(check_sources(relay, names, [row(source_status="missing")], {}, NOW)) == []


def test_a_routes_fixed_source_that_does_not_exist_in_its_region_is_missing(relay: Config) -> None:
    names: Names = {REGION: {f"{PARTNER}/far"}, "eu-west-1": {f"{PARTNER}/shop"}}
    findings = check_sources(relay, names, [], {}, NOW)
    assert problems(findings)[:2] == [(f"us-east-1 {PARTNER}/shop", "wrong"), (f"eu-west-1 {PARTNER}/far", "wrong")]
    assert f"relayctl sources create {PARTNER}/shop ACCOUNT --region us-east-1" in findings[0].action


def test_the_state_is_asked_of_routes_own_sources_and_not_of_destinations(relay: Config) -> None:
    names = {**SOURCES, REGION: {*SOURCES[REGION], f"{PARTNER}/github/octo", f"{PARTNER}/other"}}  # type: ignore[misc]  # they were read
    assert sources_of_routes(relay, names, [row()]) == [
        ("eu-west-1", f"{PARTNER}/far"),
        (REGION, f"{PARTNER}/github/octo"),
        (REGION, f"{PARTNER}/shop"),
    ]


@pytest.mark.parametrize(("state", "section"), [("PENDING", "#sourcespending"), ("DELETED", "#sourcesdeleted")])
def test_a_routes_source_that_does_not_deliver_is_named_with_its_section(
    relay: Config, state: str, section: str
) -> None:
    states: States = {(REGION, f"{PARTNER}/shop"): ["ACTIVE", state], ("eu-west-1", f"{PARTNER}/far"): ["ACTIVE"]}
    [finding] = check_sources(relay, SOURCES, [row()], states, NOW)
    assert (finding.where, finding.result) == (f"us-east-1 {PARTNER}/shop", Result.WRONG)
    assert state in finding.message
    assert section in finding.action


EMPTY = QueueReading(0, None)


@pytest.mark.parametrize(("oldest", "result"), [(59.0, Result.OK), (60.0, Result.WRONG)])
def test_what_is_to_be_delivered_waits_for_less_than_a_minute(oldest: float, result: Result) -> None:
    [delivery, *_] = check_queues(QueueReading(3, oldest), EMPTY, EMPTY)
    assert (delivery.where, delivery.result) == ("delivery queue", result)


def test_empty_queues_are_well() -> None:
    assert [finding.result for finding in check_queues(EMPTY, EMPTY, EMPTY)] == [Result.OK] * 3


@pytest.mark.parametrize("oldest", [None, 0.0, 899.0])
def test_what_waits_for_less_than_a_quarter_of_an_hour_is_well(oldest: float | None) -> None:
    findings = check_queues(EMPTY, QueueReading(3, oldest), EMPTY)
    assert problems(findings) == []
    assert findings[1].message == "3 messages wait, none for long"


def test_what_waits_for_a_quarter_of_an_hour_is_wrong() -> None:
    findings = check_queues(EMPTY, QueueReading(3, 900.0), EMPTY)
    assert problems(findings) == [("retry queue", "wrong")]
    assert "15 min" in findings[1].message


def test_messages_of_an_age_that_cannot_be_read_are_not_checked() -> None:
    assert problems(check_queues(EMPTY, QueueReading(3, Unread("no metrics")), EMPTY)) == [
        ("retry queue", "not checked")
    ]


@pytest.mark.parametrize("oldest", [None, Unread("no metrics"), 7200.0])
def test_dead_letters_are_wrong_whatever_is_known_of_their_age(oldest: float | Unread | None) -> None:
    findings = check_queues(EMPTY, EMPTY, QueueReading(1, oldest))
    assert problems(findings) == [("dead-letter queue", "wrong")]
    assert "1 message waits" in findings[2].message
    assert ("2 h" in findings[2].message) is isinstance(oldest, float)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "119 min"), (7200, "2 h"), (172800, "2 days")],
)
def test_a_duration_is_rounded_down(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def ago(minutes: int, value: float = 1.0) -> tuple[datetime, float]:
    return NOW - timedelta(minutes=minutes), value


def webhooks(relay: Config, series: Series) -> Finding:
    """Return the finding of the route orders, which has a customer."""
    [orders] = [route for route in relay.routes if route.name == "orders"]
    [finding] = check_webhooks([orders], {"orders": traffic(series, NOW)}, NOW)
    return finding


def test_the_last_webhook_of_a_route_is_told(relay: Config) -> None:
    finding = webhooks(relay, {"WebhooksRelayed": [ago(3, 0.0), ago(12), ago(700)]})
    assert (finding.where, finding.message, finding.result) == ("orders", "the last one 12 min ago", Result.OK)


def test_a_quiet_route_is_not_wrong(relay: Config) -> None:
    finding = webhooks(relay, {})
    assert (finding.message, finding.result) == ("none within a day", Result.OK)


@pytest.mark.parametrize("lost", ["EntriesUnsubscribed", "EntriesWithoutCustomer"])
def test_a_route_whose_entries_find_no_customer_any_more_is_wrong(relay: Config, lost: str) -> None:
    finding = webhooks(relay, {"WebhooksRelayed": [ago(5)], "EntriesAccepted": [ago(61)], lost: [ago(5)]})
    assert (finding.where, finding.result) == ("orders", Result.WRONG)
    assert "${body.customer}" in finding.action


@pytest.mark.parametrize(
    "series",
    [
        {"EntriesUnsubscribed": [ago(5)]},  # nobody has subscribed yet
        {"EntriesAccepted": [ago(61)], "EntriesUnsubscribed": [ago(61)]},  # nothing came within an hour
        {"EntriesAccepted": [ago(61), ago(30)], "EntriesUnsubscribed": [ago(5)]},
        {"EntriesAccepted": [ago(61)], "EntriesUnsubscribed": [ago(5)], "EntriesQueued": [ago(30)]},
        {"EntriesAccepted": [ago(61)], "EntriesUnsubscribed": [ago(5)], "EntriesHeld": [ago(30)]},
        {"EntriesAccepted": [ago(61)], "EntriesUnsubscribed": [ago(5, 0.0)]},
        {"EntriesAccepted": [ago(25 * 60)], "EntriesUnsubscribed": [ago(5)]},
    ],
)
def test_a_route_some_of_whose_entries_find_customers_is_well(relay: Config, series: Series) -> None:
    assert webhooks(relay, series).result is Result.OK


@pytest.mark.parametrize(
    ("stack", "command"),
    [
        ("PartnerEventRelay", "relayctl dead-letters list"),
        ("PartnerEventRelay-dev", "relayctl --stage dev dead-letters list"),
        ("OfOurOwn", "relayctl dead-letters list"),
    ],
)
def test_a_command_to_run_is_for_the_stage_that_was_examined(stack: str, command: str) -> None:
    [*_, dead] = check_queues(EMPTY, EMPTY, QueueReading(1, None))
    assert for_stack(dead, stack).action == f"{command}; docs/how-to/operations.md#dead-letters"


def test_the_screen_has_five_findings_of_a_check_and_says_how_many_more_there_are() -> None:
    many = [wrong(Check.SOURCES, f"s{number}", "lost", "find it") for number in range(8)]
    screen = list(lines(many))
    assert len(screen) == 11
    assert screen[-1].strip() == "and 3 more: --output json has all of them"
    assert len(list(lines(many[:5]))) == 10

"""The checks of `relayctl doctor` on clock, secrets and stages, and how they are told: no network."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from relay.auth.secret_ref import SecretRef
from relay.config.model import Config
from relayctl.commands.doctor import lines
from relayctl.doctor.clock import check_clock
from relayctl.doctor.destinations import check_destinations
from relayctl.doctor.finding import Check, Finding, Result, for_stack, wrong
from relayctl.doctor.queues import QueueReading, check_queues
from relayctl.doctor.secrets import SecretReading, check_secrets
from relayctl.doctor.sources import check_sources
from relayctl.doctor.stages import check_stages
from relayctl.doctor.webhooks import check_webhooks
from tests.relayctl.findings import DENIED, EMPTY, NOW, PARTNER, REGION, RELAY, parsed, problems, relay

__all__ = ["relay"]  # fixture


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

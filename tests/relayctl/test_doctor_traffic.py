"""The checks of `relayctl doctor` on queues and webhooks, on what could be read: no network."""

from datetime import datetime, timedelta

import pytest

from relay.config.model import Config
from relayctl.doctor.finding import Finding, Result, Unread
from relayctl.doctor.queues import QueueReading, check_queues, duration
from relayctl.doctor.webhooks import Series, check_webhooks, traffic
from tests.relayctl.findings import EMPTY, NOW, problems, relay

__all__ = ["relay"]  # fixture


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

"""The cost model, and the page that it makes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools.cost.model import HTTP, REST, URL, Measured, Webhook, log_bytes, per_million, per_month, total
from tools.cost.page import PAGE, page

ROOT = Path(__file__).parents[3]


def test_the_page_about_cost_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), ".venv/bin/python -m tools.cost writes it anew"


def test_the_readme_names_the_price_of_the_model() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"about ${total(Webhook()):.2f} for a million webhooks (${total(Webhook(front=URL)):.2f} over" in readme


def test_a_million_of_the_simplest_webhooks_costs_the_sum_of_its_list_prices() -> None:
    log = {"entry": 400, "more_entries": 0, "webhook": 0, "access": 600}
    time = {"own_ms": 5, "entry_ms": 1, "eventbridge_ms": 15, "memory_gb": 0.5}
    measured: Measured = {"log": log, "lambda": time, "requests": {"entries_a_put": 20}}
    costs = {cost.part: cost.usd for cost in per_million(Webhook(), measured)}
    assert costs == pytest.approx(
        {
            "HTTP API": 1.00,
            "Lambda, requests": 0.20,
            "Lambda, time": 20 / 1000 * 0.5 * 13.3334,
            "CloudWatch Logs": 1.0 * 0.50,
            "Contributor Insights": 0.02,
        }
    )


def test_twenty_one_entries_are_two_requests_and_twenty_one_lines() -> None:
    twenty, more = (Webhook(entries=number) for number in (20, 21))
    parts = [{cost.part: cost.how for cost in per_million(each)}["Lambda, time"] for each in (twenty, more)]
    assert [part.partition(" ")[0] for part in parts] == ["24.9", "45.0"]
    assert log_bytes(more) - log_bytes(twenty) == log_bytes(Webhook(entries=2)) - log_bytes(Webhook())


@pytest.mark.parametrize("option", ["tracing", "archive", "dedupe", "is_uncached_customer"])
@pytest.mark.parametrize("front", [HTTP, REST, URL])
def test_each_option_costs_more_and_each_front_has_its_price(front: str, option: str) -> None:
    webhook = Webhook(front=front)
    assert total(replace(webhook, **{option: True})) > total(webhook)  # type: ignore[arg-type]  # each is a bool
    assert total(Webhook(front=URL)) < total(Webhook()) < total(Webhook(front=REST))
    assert total(replace(webhook, log_entries=False)) < total(webhook)


def test_the_reconciler_costs_more_with_each_destination_until_it_looks_all_the_time() -> None:
    months = [sum(cost.usd for cost in per_month(1, destinations=number)) for number in (0, 1, 1000, 2000)]
    assert months == sorted(months)
    by_part = [{cost.part: cost.usd for cost in per_month(1, destinations=number)} for number in (1000, 2000)]
    assert by_part[0]["reconciler"] == by_part[1]["reconciler"]

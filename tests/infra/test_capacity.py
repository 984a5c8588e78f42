"""Throttles and the pace of redelivery follow from the account's quotas; a warning names one that is too low."""

import re
from typing import Any

import pytest
from aws_cdk.assertions import Annotations, Match

from partner_event_relay.capacity import (
    HEADROOM,
    WEBHOOK_SECONDS,
    Quotas,
    Throttle,
    carried,
    ingest_concurrency,
    redelivery_concurrency,
    throttle,
)
from relay.delivery.pace import REQUESTS_PER_SECOND
from tests.infra.conftest import RELAY_TOML, only, resources, stack_of, synthesise

LARGE = Quotas(concurrency=4_000, puts=10_000)
DERIVED = {"rate": 0, "burst": 0, "route_rate": 0}


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        # 5 of the 1,000 are redelivery's, and a tenth is kept free; 400 puts a second occupy 9, and the others wait.
        (Quotas(), Throttle(838, 995, 419, 497)),
        # API Gateway's own quota is the least.
        (LARGE, Throttle(10_000, 3_875, 5_000, 1_937)),
        # A newer Region.
        (LARGE._replace(api_rate=2_500, api_burst=1_250), Throttle(2_500, 1_250, 1_250, 625)),
        # A new account: Lambda takes ten requests a second for each of the eight, less a tenth.
        (Quotas(concurrency=10), Throttle(72, 8, 36, 4)),
    ],
)
def test_the_throttle_is_what_the_weakest_part_carries(quotas: Quotas, expected: Throttle) -> None:
    assert throttle(quotas, 0, 2, routes=3, **DERIVED) == expected


def test_a_reservation_bounds_the_throttle_as_it_bounds_the_webhooks() -> None:
    assert throttle(LARGE, 200, 2, routes=1, **DERIVED) == Throttle(1_800, 200, 1_800, 200)


def test_a_single_route_may_have_everything() -> None:
    alone, several = (throttle(Quotas(), 0, 2, routes=routes, **DERIVED) for routes in (1, 2))
    assert alone[:2] == alone[2:] == several[:2]
    assert several[2:] == (several.rate // 2, several.burst // 2)


def test_what_the_stage_says_comes_first() -> None:
    assert throttle(Quotas(), 0, 2, routes=2, rate=100, burst=200, route_rate=60) == Throttle(100, 200, 60, 100)


@pytest.mark.parametrize("puts", [100, 400, 1_200, 10_000])
@pytest.mark.parametrize("retry_seconds", [0, 2, 10])
def test_at_the_rate_over_the_quota_of_puts_nine_of_ten_environments_are_busy_and_no_more(
    puts: int, retry_seconds: float
) -> None:
    quotas = Quotas(concurrency=300, puts=puts)
    rate = carried(quotas, 0, retry_seconds)["put_quota"]
    over = max(0, rate - puts)
    busy = min(rate, puts) * WEBHOOK_SECONDS + over * (retry_seconds + WEBHOOK_SECONDS)
    usable = ingest_concurrency(quotas, 0) * HEADROOM
    assert usable - retry_seconds - 1 < busy <= usable


@pytest.mark.parametrize("puts", [1, 100, 400, 1_200, 2_400, 10_000, 1_000_000])
@pytest.mark.parametrize("concurrency", [10, 1_000, 100_000])
def test_redelivery_leaves_half_of_the_puts_and_three_quarters_of_the_concurrency(puts: int, concurrency: int) -> None:
    most = redelivery_concurrency(Quotas(concurrency=concurrency, puts=puts))
    assert 2 <= most <= 1000  # what Lambda takes
    assert most == 2 or (most * REQUESTS_PER_SECOND <= puts / 2 and most <= concurrency / 4)


def test_redelivery_takes_no_more_than_half_of_what_is_not_reserved_for_webhooks() -> None:
    template = synthesise(RELAY_TOML, put_quota=10_000, reserved_concurrency=900)
    mappings = resources(template, "AWS::Lambda::EventSourceMapping").values()
    most = [mapping["Properties"]["ScalingConfig"]["MaximumConcurrency"] for mapping in mappings]
    assert most == [25, 25]


@pytest.mark.parametrize(("puts", "most"), [(400, 5), (2_400, 30), (10_000, 125)])
def test_the_stack_lets_redelivery_do_so_much_at_once(puts: int, most: int) -> None:
    mapping = only(synthesise(RELAY_TOML, put_quota=puts), "AWS::Lambda::EventSourceMapping", "RedeliverRetry")[
        "Properties"
    ]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": most}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_what_is_shipped_is_within_the_usual_quotas(name: str) -> None:
    assert warnings(stage_name=name) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"rate_per_second": 2_000},
            ["rate_per_second lets through 2000 webhooks a second, put_quota = 400 carries 838"],
        ),
        (
            {"rate_per_second": 20_000, "put_quota": 30_000},
            [
                "rate_per_second lets through 20000 webhooks a second, api_rate_quota = 10000 carries 10000",
                "rate_per_second lets through 20000 webhooks a second, concurrency_quota = 1000 carries 6750",
            ],
        ),
        (
            {"rate_per_second": 900, "reserved_concurrency": 50, "put_quota": 2_400},
            ["rate_per_second lets through 900 webhooks a second, reserved_concurrency = 50 carries 450"],
        ),
        (
            {"reserved_concurrency": 901},
            ["reserved_concurrency = 901 leaves less than 100 of concurrency_quota = 1000 to the other functions"],
        ),
        # The function's URL has no throttle.
        ({"rate_per_second": 20_000, "front": "url"}, []),
    ],
)
def test_a_warning_names_the_quota_that_does_not_carry_the_rate(changes: dict[str, Any], expected: list[str]) -> None:
    said = warnings(**changes)
    assert [text[: len(start)] for text, start in zip(said, expected, strict=True)] == expected


def warnings(**changes: Any) -> list[str]:
    """Return the warnings about quotas of a stage with these changes."""
    entries = Annotations.from_stack(stack_of(RELAY_TOML, **changes)).find_warning("*", Match.any_value())
    texts = [str(entry.entry.data) for entry in entries]
    return [text for text in texts if re.search("carries|leaves less", text)]

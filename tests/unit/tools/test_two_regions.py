"""What the drill of a lost Region is made of: health checks, a sender's DNS cache, and where a request goes."""

from typing import Any

import pytest

from relay import config
from tools.two_regions import page
from tools.two_regions.drill import Arrivals, Pace, plan
from tools.two_regions.name import THRESHOLD, Name, Resolver
from tools.two_regions.router import as_root, region_of
from tools.two_regions.sender import Sent, silence
from tools.two_regions.stacks import REGIONS, RELAY_TOML

EAST, WEST = REGIONS
REQUEST = (
    b"POST / HTTP/1.1\r\nhost: 127.0.0.1:1\r\nX-Amz-Security-Token: a+b\r\nauthorization: AWS4-HMAC-SHA256"
    b" Credential=ASIA1234/20261126/us-west-2/events/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
)


@pytest.fixture
def name() -> Name:
    return Name(dict.fromkeys(REGIONS, "https://example.com"))


def test_the_page_about_two_regions_is_current() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(), "run .venv/bin/python -m tools.two_regions"


def test_the_relays_put_to_the_first_region_and_fail_over_to_the_other() -> None:
    relay = config.parse(RELAY_TOML, "relay.toml")
    assert (relay.regions, relay.routes[0].failover_region) == (REGIONS, WEST)


def test_the_answer_changes_after_three_checks_in_a_row(name: Name) -> None:
    def answers_after(*checks: bool) -> str:
        for succeeded in checks:
            name.health[EAST].note(succeeded=succeeded)
        return name.answer(EAST)

    assert THRESHOLD == 3
    assert [answers_after(False, False, True), answers_after(False, False), answers_after(False)] == [EAST, EAST, WEST]
    assert [answers_after(True, True, False), answers_after(True, True), answers_after(True)] == [WEST, WEST, EAST]


def test_everybody_is_sent_to_the_nearest_region_if_no_region_is_healthy(name: Name) -> None:
    for health in name.health.values():
        for _ in range(THRESHOLD):
            health.note(succeeded=False)
    assert [name.answer(region) for region in REGIONS] == [EAST, WEST]


@pytest.mark.parametrize(("ttl", "seen"), [(5.0, [EAST, EAST, WEST]), (float("inf"), [EAST, EAST, EAST])])
def test_a_sender_goes_on_asking_the_old_address_until_its_ttl_is_over(ttl: float, seen: list[str]) -> None:
    times, answers = iter([0.0, 4.9, 5.0]), iter([EAST, WEST])
    resolver = Resolver(lambda: next(answers), ttl, lambda: next(times))
    assert [resolver.resolve() for _ in range(3)] == seen


def test_a_request_goes_to_the_region_for_which_it_is_signed() -> None:
    assert [region_of(REQUEST), region_of(b"PUT /answer HTTP/1.1\r\nhost: 127.0.0.1:1\r\n\r\n")] == [WEST, None]


def test_a_request_for_the_other_region_is_that_of_the_accounts_root_user() -> None:
    assert as_root(REQUEST) == (
        b"POST / HTTP/1.1\r\nhost: 127.0.0.1:1\r\nauthorization: AWS4-HMAC-SHA256"
        b" Credential=111111111111/20261126/us-west-2/events/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
    )


def test_each_region_is_lost_as_often_as_the_other_while_webhooks_come() -> None:
    pace, plans = Pace(), [plan(seed, Pace()) for seed in range(20)]
    assert [each.region for each in plans] == list(REGIONS) * 10
    assert plans == [plan(seed, pace) for seed in range(20)]
    for each in plans:
        assert pace.lost[0] <= each.at <= pace.lost[1]
        assert each.at + each.away < each.seconds


def test_copies_may_differ_in_nothing_but_their_own_id() -> None:
    def event(region: str, **more: Any) -> dict[str, Any]:
        content = {"detail": {"number": 7}, "detail-type": "order.created", "time": "2026-11-26T00:00:00Z"}
        return {"id": region, "region": region, **content, **more}

    arrivals = Arrivals()
    for region in REGIONS:
        arrivals.take(event(region))
    assert (arrivals.tally[7], dict(arrivals.regions), arrivals.differing) == (2, {EAST: 1, WEST: 1}, set())
    arrivals.take(event(WEST, time="2026-11-26T00:00:01Z"))
    assert arrivals.differing == {7}


def test_a_silence_lasts_from_one_answer_to_the_next_one_or_to_the_end() -> None:
    sent = [Sent(0, 1, answered=2), Sent(1, 2, answered=9), Sent(2, 3), Sent(3, 9, answered=10)]
    assert [silence(sent, 0, 12), silence(sent, 0, 20)] == [7, 10]

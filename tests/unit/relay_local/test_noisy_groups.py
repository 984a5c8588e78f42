"""Which group of a queue is noisy, and what is delivered next: as SQS documents its fair queues."""

import pytest

from relay_local.emulator.noisy_groups import Noise, first


@pytest.mark.parametrize(
    ("in_flight", "is_noisy"),
    [
        ({"a": 30, "b": 200}, True),
        ({"a": 29, "b": 1}, False),  # too few
        ({"a": 30, "b": 270}, False),  # a tenth, and not more
        ({"a": 31, "b": 269}, True),
    ],
)
def test_a_group_with_more_than_a_tenth_of_what_is_in_flight_is_noisy(
    in_flight: dict[str, int], is_noisy: bool
) -> None:
    assert ("a" in Noise().noisy(in_flight, {"a", "c"}, 0)) is is_noisy


def test_a_group_whose_messages_take_more_than_a_tenth_of_the_time_is_noisy_for_as_long_as_that_is_recent() -> None:
    noise = Noise()
    for number in range(9):
        noise.processed(f"b{number}", 1.0, at=0)
    noise.processed("a", 1.1, at=0)
    waiting = {"a", "b1"}
    assert noise.noisy({}, waiting, 1) == {"a"}
    fresh = Noise()
    fresh.processed("a", 1.1, at=0)
    assert fresh.noisy({}, waiting, 61) == set()


def test_a_noisy_group_is_quiet_once_nothing_of_it_is_left_or_it_has_sent_nothing_for_five_minutes() -> None:
    noise = Noise()
    noise.sent("a", 0)
    assert noise.noisy({"a": 40}, {"a"}, 0) == {"a"}
    assert noise.noisy({"a": 1}, {"a"}, 299) == {"a"}  # though its share is small now
    assert noise.noisy({"a": 1}, {"a"}, 300) == set()
    assert noise.noisy({"a": 40}, {"a"}, 0) == {"a"}
    assert noise.noisy({}, {"b"}, 1) == set()


def test_a_message_without_a_group_is_nobodys() -> None:
    assert Noise().noisy({"": 40}, {""}, 0) == set()


def test_what_is_noisy_is_delivered_last_and_the_one_with_the_fewest_in_flight_first() -> None:
    waiting = [("a", "a1"), ("b", "b1"), ("c", "c1"), ("a", "a2"), ("b", "b2"), ("c", "c2")]
    in_flight = {"a": 40, "b": 39}
    assert first(waiting, {"a", "b"}, in_flight, 2) == ["c1", "c2"]
    assert first(waiting, {"a", "b"}, in_flight, 5) == ["c1", "c2", "b1", "a1", "b2"]
    assert first(waiting, set(), in_flight, 3) == ["a1", "b1", "c1"]

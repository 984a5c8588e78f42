"""What the inspector keeps, lists and prints, without a browser."""

from typing import Any

import pytest

from relay.config.model import Config
from relay_local.inspector import archive_replay, explain, terminal
from relay_local.inspector.captures import BUCKETS, Captures, Events, summary
from relay_local.inspector.explain import Surroundings
from tests.unit.relay_local.captures import captured, relay

__all__ = ["relay"]  # fixture


def test_the_oldest_webhooks_are_forgotten_by_number_and_by_bytes() -> None:
    captures = Captures(max_captures=3, max_bytes=10_000)
    for _ in range(5):
        captured(captures)
    assert [one.id for one in captures.all()] == [3, 4, 5]
    captured(captures, body=b'"' + b"x" * 20_000 + b'"')  # one that is too large alone is kept alone
    assert [one.id for one in captures.all()] == [6]


def test_ten_minutes_of_counts_are_kept() -> None:
    captures = Captures()
    for number in range(BUCKETS + 30):
        captured(captures, at=number * 5.0)
    assert len(captures.chart()) == BUCKETS
    assert captures.chart()[-1] == {
        "at": (BUCKETS + 29) * 5,
        "received": 1,
        "accepted": 1,
        "queued": 0,
        "dead_lettered": 0,
        "rejected": 0,
        "latency": 10.0,
    }


@pytest.mark.parametrize(
    ("status", "told", "result"),
    [
        (202, {"accepted": 2}, "accepted"),
        (202, {"queued": 1}, "queued"),
        (202, {"dead_lettered": 1}, "dead_lettered"),
        (202, {"accepted": 1, "queued": 1}, "mixed"),
        (202, {"accepted": 0}, "filtered"),
        (200, {"challenge": "x"}, "handshake"),
        (401, {"detail": "no"}, "rejected"),
        (502, [], "rejected"),
    ],
)
def test_the_list_tells_what_became_of_it(relay: Config, status: int, told: Any, result: str) -> None:
    assert summary(captured(Captures(), told=told, status=status), relay)["result"] == result


def test_the_terminal_says_the_message_what_to_do_and_for_whom_it_was(relay: Config) -> None:
    letter = {"dead_lettered": True, "error_code": "InvalidArgument", "error_message": "DetailType has 137 characters"}
    told = {"dead_lettered": 2, "unsubscribed": 1, "entries": [letter, letter, {"unsubscribed": True}]}
    explained = terminal.Explanations(lambda: "no", lambda: ["customer c88 has none"], lambda code, _: f"fix {code}")
    said = terminal.lines(captured(Captures(), told=told), relay, explained)
    assert said[0].endswith("POST /orders/c42: 2 dead-lettered, 1 unsubscribed")
    assert [line.strip() for line in "\n".join(said[1:]).splitlines()] == [
        "InvalidArgument: DetailType has 137 characters",
        "what to do: fix InvalidArgument",
        "customer c88 has none",
    ]


def test_old_events_are_forgotten() -> None:
    events = Events(max_bytes=1000)
    for number in range(100):
        events.add({"id": str(number), "source": "a", "detail-type": "b", "time": "", "detail": {"n": number}}, 0)
    assert 5 < len(events.all()) < 20
    assert [one["id"] for one in events.all()][-1] == "99"


def test_the_list_names_what_a_webhook_was_mapped_to(relay: Config) -> None:
    short = explain.in_short(captured(Captures()), Surroundings(relay, {}, Events(), ""))
    assert short.types == ("order.created",)
    assert short.sources == ("aws.partner/acme.example/c42/orders",)
    rejected = captured(Captures(), status=401)
    assert explain.in_short(rejected, Surroundings(relay, {}, Events(), "")).types == ()


def test_what_a_person_writes_into_the_form_is_the_value_of_an_option_and_no_other() -> None:
    chosen = {"since": "1h", "until": "", "customer": "--stage=other", "control-url": "https://elsewhere.example"}
    assert archive_replay.arguments(chosen, remap=False, dry_run=True) == [
        "replay",
        "--since=1h",
        "--customer=--stage=other",
        "--dry-run",
    ]

"""What a rehearsal writes, whom it posts for, and what it takes for its own."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from relay import config
from relay.catalog.event_type import EventType
from relay.config.model import Config
from relay.destinations.model import Destination
from relayctl.rehearsal.asked import ASKED
from relayctl.rehearsal.evidence import Rehearsal, as_markdown
from relayctl.rehearsal.naming import is_of_rehearsal
from relayctl.rehearsal.questionnaire import FIELDS, FILL, answers
from relayctl.rehearsal.sender import PayloadError, Sender
from relayctl.rehearsal.steps import STEPS
from relayctl.walk import FAILED, NOT_SHOWN, PASSED, Result
from tests.conftest import Load
from tests.unit.docs.test_pages import ROOT, mistakes

SOURCE = "aws.partner/acme.example/c/prod"
DESTINATION = Destination("c", "prod", "", "222222222222", "us-east-1", SOURCE)


@pytest.fixture
def relay() -> Config:
    return config.load(ROOT / "relay.toml")


def rehearsal(relay: Config, results: Sequence[Result] = (), *, local: bool = True) -> Rehearsal:
    return Rehearsal(
        id="1a2b3c",
        began=datetime(2026, 11, 26, 10, tzinfo=UTC),
        relay=relay,
        local=local,
        publisher="111111111111",
        consumer="222222222222",
        regions=["us-east-1"],
        catalog=(),
        steps=STEPS,
        results=results,
        samples=(),
        answers={"us-east-1": {"Does it?": "yes"}},
    )


def result(step: str, status: str, seen: str) -> Result:
    return Result("us-east-1", step, status, "x", seen, "2026-11-26T10:00:00+00:00", 1.5)


def test_every_step_is_asked_for_and_all_that_is_asked_has_a_step() -> None:
    assert {name for step in STEPS for name in step.asked} == set(ASKED)
    assert all(step.asked for step in STEPS)


def test_a_step_only_needs_steps_that_come_before_it() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    for index, step in enumerate(STEPS):
        assert set(step.needs) <= set(names[:index]), step.name


def test_the_evidence_says_what_was_asked_expected_seen_and_not_shown(relay: Config) -> None:
    text = as_markdown(
        rehearsal(
            relay,
            [
                result("page", NOT_SHOWN, "no page"),
                result("create", PASSED, "a source"),
                result("delete", FAILED, "still there"),
            ],
        )
    )
    assert "1 passed, 1 failed, 1 not shown here." in text
    assert "| create | create 4, at once | x | a source | **passed** | 2026-11-26T10:00:00+00:00 | 2 |" in text
    assert "| delete | delete | x | still there | **failed** |" in text
    assert "- us-east-1, page: no page." in text
    assert ASKED["create 4"].text in text


def test_what_only_the_partner_knows_is_marked_and_nothing_is_invented(relay: Config) -> None:
    text = as_markdown(rehearsal(relay))
    assert all(f"| {name} | {FILL}: " in text for name, _ in FIELDS)
    assert f"{FILL}: every detail-type with a sample event; there is no event catalog." in text


def test_the_catalog_gives_the_detail_types_and_whole_sample_events(relay: Config) -> None:
    event_type = EventType("order.created", "An order.", date(2026, 11, 1), None, {"number": 1001}, {})
    text = as_markdown(replace(rehearsal(relay), catalog=[event_type]))
    assert "| `order.created` | An order. | 2026-11-01 |" in text
    [sample] = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert json.loads(sample)["detail"] == {"number": 1001}
    assert json.loads(sample)["account"] == "222222222222"


@pytest.mark.parametrize(("local", "told"), [(True, "which proves nothing"), (False, "it was measured")])
def test_only_a_rehearsal_on_aws_says_that_it_has_measured(relay: Config, local: bool, told: str) -> None:
    text = as_markdown(rehearsal(relay, local=local))
    assert told in text
    assert ("the local AWS" in text) == local
    assert "| Does it? | yes |" in text


def test_the_answers_have_one_sentence_a_line_and_the_figures_of_relay_toml(relay: Config, load: Load) -> None:
    text = answers(relay)
    assert mistakes(text) == []
    assert "$" not in text
    assert "for up to 14 days" in text
    assert "it is sent again from our archive" in text
    shipped = (ROOT / "relay.toml").read_text("utf-8")
    never = answers(load(shipped.replace("[destinations]", '[destinations]\nhold = "never"', 1)))
    assert "They are sent at once" in never
    assert "for up to" not in never


def sender(relay: Config, *customers: str) -> Sender:
    route = next(route for route in relay.routes if route.customer)
    body = {
        "events": [
            {"type": "order.created", "customer": each, "created_at": "2026-11-23T07:09:54Z", "resources": []}
            for each in customers
        ]
    }
    return Sender(relay, route, "whsec_AAAA", "https://example.com/orders", {}, json.dumps(body).encode())


def test_the_payload_becomes_the_events_of_the_customer_it_is_posted_for(relay: Config) -> None:
    found = sender(relay, "${customer}", "${customer}").entries("c", DESTINATION)
    assert [entry.source for entry in found] == [SOURCE, SOURCE]


@pytest.mark.parametrize(
    ("customers", "told"),
    [(("${customer}", "c42"), "also for the customer c42"), (("c42",), "also for the customer c42"), ((), "no event")],
)
def test_a_payload_for_anybody_else_or_for_nobody_is_refused(
    relay: Config, customers: tuple[str, ...], told: str
) -> None:
    with pytest.raises(PayloadError, match=told):
        sender(relay, *customers).entries("c", DESTINATION)


@pytest.mark.parametrize(
    ("name", "run", "ours"),
    [
        ("rehearsal-1a2b3c-live-us-east-1", "", True),
        ("rehearsal-1a2b3c", "", True),
        ("rehearsal-1a2b3c-live-us-east-1", "1a2b3c", True),
        ("rehearsal-ffffff-live-us-east-1", "1a2b3c", False),
        ("rehearsal-room", "", False),
        ("rehearsal-1a2b3cd", "", False),
        ("c42", "", False),
    ],
)
def test_only_names_with_a_rehearsals_id_are_a_rehearsals(name: str, run: str, ours: bool) -> None:
    assert is_of_rehearsal(name, run) is ours

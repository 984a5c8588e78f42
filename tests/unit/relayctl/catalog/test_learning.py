"""The catalog is learned from webhooks: nobody's data gets into it, and nothing that people wrote is lost."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relay.auth.redaction import MARKER
from relay.catalog import loader
from relay.config.model import Config
from relayctl.catalog import checking, learning
from relayctl.catalog.placeholders import replace_values
from tests.conftest import Load
from tests.unit.archive.archived import archived

TODAY = date(2026, 11, 22)
TOML = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[destinations]
[limits]
entry = "10 KiB"
[[route]]
name = "orders"
path = "/orders"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
customer = "${item.customer}"
on_oversize = "claim-check"
[route.event]
each = "${body.events}"
detail_type = "${item.kind.name}.${item.action}"
time = "${item.at}"
detail = "${item}"
"""
EVENT: dict[str, Any] = {
    "kind": {"name": "order"},
    "action": "paid",
    "customer": "c42",
    "at": "2026-11-22T10:15:00Z",
    "email": "zoe@example.org",
    "lines": [{"name": "A book for Zoë", "price": "19.90", "count": 2, "weight": 0.7, "gift": True, "note": None}],
}

Learn = Callable[..., list[learning.Written]]


@pytest.fixture
def config(load: Load) -> Config:
    return load(TOML)


@pytest.fixture
def learn(config: Config, tmp_path: Path) -> Learn:
    """Learn from bodies and write the catalog."""

    def learn(*bodies: object, keep_values: bool = False) -> list[learning.Written]:
        folder = tmp_path / "events"
        files = loader.load_files(folder)
        webhooks = (archived(config, body, number) for number, body in enumerate(bodies))
        learned = learning.learn(webhooks, config, files.values())
        return learning.write(learned, folder, files, TODAY, keep_values=keep_values)

    return learn


def events(*items: dict[str, Any]) -> dict[str, Any]:
    return {"events": list(items)}


def test_a_sample_has_no_value_of_real_traffic_but_those_that_decide_the_mapping(learn: Learn, tmp_path: Path) -> None:
    [written] = learn(events(EVENT))
    assert (written.detail_type, written.file.name, written.what, written.events) == (
        "order.paid",
        "order.paid.toml",
        "new",
        1,
    )
    [paid] = loader.load(tmp_path / "events")
    assert paid.sample == {
        "kind": {"name": "order"},
        "action": "paid",
        "customer": "text",
        "at": "2026-01-01T00:00:00Z",
        "email": "name@example.com",
        "lines": [{"name": "text", "price": "0.00", "count": 0, "weight": 0.5, "gift": True, "note": None}],
    }
    assert (paid.since, paid.description) == (TODAY, "")


def test_where_there_is_no_customers_data_the_values_can_be_kept(learn: Learn, tmp_path: Path) -> None:
    learn(events(EVENT), keep_values=True)
    [paid] = loader.load(tmp_path / "events")
    assert paid.sample == EVENT


@pytest.mark.parametrize("keep_values", [True, False])
def test_what_was_learned_passes_the_check(learn: Learn, config: Config, tmp_path: Path, *, keep_values: bool) -> None:
    learn(events(EVENT, EVENT | {"action": "sent"}), events(EVENT | {"lines": []}), keep_values=keep_values)
    event_types = loader.load(tmp_path / "events")
    assert [each.detail_type for each in event_types] == ["order.paid", "order.sent"]
    assert list(checking.problems(event_types, config)) == []


def test_what_people_wrote_stays_and_only_the_schema_is_extended(learn: Learn, tmp_path: Path) -> None:
    learn(events(EVENT))
    path = tmp_path / "events" / "order.paid.toml"
    text = path.read_text("utf-8")
    text = "# Ours.\n" + text.replace('description = ""', 'description = "Paid." # for good').replace(
        "text", "Ring twice"
    )
    path.write_text(text, "utf-8")
    assert [each.what for each in learn(events(EVENT))] == ["unchanged"]
    assert path.read_text("utf-8") == text
    assert [each.what for each in learn(events(EVENT | {"email": None}))] == ["schema extended"]
    before, after = text.partition("schema = ")[0], path.read_text("utf-8")
    assert after.startswith(before)
    [paid] = loader.load(tmp_path / "events")
    assert paid.schema["properties"]["email"] == {"type": ["null", "string"]}


def test_a_detail_too_large_for_an_event_is_described_whole(learn: Learn, tmp_path: Path) -> None:
    learn(events(EVENT | {"text": "x" * 20_000}))
    [paid] = loader.load(tmp_path / "events")
    assert set(paid.schema["properties"]) == {*EVENT, "text"}


def test_what_cannot_be_mapped_is_counted_by_its_reason(config: Config) -> None:
    bodies = [events(EVENT), {"events": 1}, {"events": 1}]
    webhooks = [archived(config, body) for body in bodies]
    learned = learning.learn(webhooks, config, ())
    assert list(learned.types) == ["order.paid"]
    assert learned.skipped == {'route "orders", event.each: ${body.events} is a number; expected a list': 2}


def test_what_eventbridge_would_refuse_is_no_event_type(config: Config) -> None:
    learned = learning.learn([archived(config, events(EVENT | {"action": "x" * 200}))], config, ())
    assert (learned.types, learned.skipped) == ({}, {})


def test_a_template_that_makes_a_type_of_each_webhook_does_not_fill_the_memory(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MOST_TYPES", 3)
    webhooks = [archived(config, events(EVENT | {"action": str(number)}), number) for number in range(10)]
    learned = learning.learn(webhooks, config, ())
    assert len(learned.types) == 3
    assert learned.skipped == {"there are more than 3 detail-types": 7}


def test_detail_types_that_differ_by_capitals_have_files_of_their_own(learn: Learn) -> None:
    written = learn(events(EVENT, EVENT | {"action": "Paid"}, EVENT | {"action": "paid/in full"}))
    assert [each.file.name for each in written] == ["order.Paid.toml", "order.paid-2.toml", "order.paid-in-full.toml"]


@pytest.mark.parametrize(
    ("value", "placeholder"),
    [
        ("2026-11-22", "2026-01-01"),
        ("2026-11-22T10:15:00.123+01:00", "2026-01-01T00:00:00Z"),
        ("https://acme.example/c42?token=x", "https://example.com/"),
        ("9f1c5e6a-9b0d-4c3e-8f7a-6b5c4d3e2f1a", "00000000-0000-0000-0000-000000000000"),
        ("+49 30 123456", "text"),
        ("4111111111111111", "0"),
        ("19.90", "0.00"),
        ("", ""),
        (MARKER, MARKER),
        (4111111111111111, 0),
        (19.9, 0.5),
    ],
)
def test_a_placeholder_is_of_the_kind_of_what_it_stands_for(value: object, placeholder: object) -> None:
    assert replace_values({"a": value}, ()) == {"a": placeholder}
    assert json.dumps(replace_values({"a": [{"b": value}]}, ())) == json.dumps({"a": [{"b": placeholder}]})

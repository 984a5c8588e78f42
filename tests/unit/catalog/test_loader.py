"""The catalog is read whole or refused with every mistake."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from relay.catalog import loader
from relay.errors import ConfigError

PAID = """
description = "A customer has paid. "
since = 2026-11-22
deprecated = 2027-01-31
sample = '''
{"total": "19.90", "note": null}
'''
schema = '''
{"type": "object", "required": ["total"]}
'''
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "events"
    path.mkdir()
    return path


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loader.load(folder)
    return list(refused.value.problems)


def test_without_a_folder_the_catalog_is_empty(tmp_path: Path) -> None:
    assert loader.load(tmp_path / "events") == ()


def test_a_file_is_an_event_type_named_as_the_file(folder: Path) -> None:
    (folder / "order.paid.toml").write_text(PAID, "utf-8")
    (paid,) = loader.load(folder)
    assert (paid.detail_type, paid.description) == ("order.paid", "A customer has paid.")
    assert (paid.since, paid.deprecated) == (date(2026, 11, 22), date(2027, 1, 31))
    assert paid.sample == {"total": "19.90", "note": None}
    assert paid.schema == {"type": "object", "required": ["total"]}


def test_a_detail_type_that_cannot_be_a_file_name_stands_in_the_file(folder: Path) -> None:
    (folder / "orders-create.toml").write_text('detail_type = "orders/create"\n' + PAID, "utf-8")
    assert [each.detail_type for each in loader.load(folder)] == ["orders/create"]


def test_event_types_come_in_the_order_of_their_names(folder: Path) -> None:
    for name in "b", "c", "a":
        (folder / f"{name}.toml").write_text(PAID, "utf-8")
    (folder / "z.toml").write_text('detail_type = "0"\n' + PAID, "utf-8")
    assert [each.detail_type for each in loader.load(folder)] == ["0", "a", "b", "c"]


def test_what_the_page_could_not_send_in_one_answer_is_refused(folder: Path) -> None:
    for number in range(3):
        text = PAID.replace("19.90", "1" * (loader.MAX_BYTES // 3 - 100))
        (folder / f"{number}.toml").write_text(text, "utf-8")
    assert len(loader.load(folder)) == 3
    (folder / "more.toml").write_text(PAID.replace("19.90", "1" * 300), "utf-8")
    [mistake] = mistakes(folder)
    assert mistake.startswith(f"events: expected at most {loader.MAX_BYTES} bytes of descriptions and samples, got ")


def test_two_files_of_one_detail_type_are_refused(folder: Path) -> None:
    (folder / "order.paid.toml").write_text(PAID, "utf-8")
    (folder / "other.toml").write_text('detail_type = "order.paid"\n' + PAID, "utf-8")
    assert mistakes(folder) == ['events/other.toml: detail_type: events/order.paid.toml already describes "order.paid"']


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("since = 2026-11-22", "", "since: missing; expected the day of the first event, such as 2026-11-22"),
        ("2026-11-22", '"2026-11-22"', "since: expected a day without quotes, such as 2026-11-22, got '2026-11-22'"),
        ("2026-11-22", "2026-11-22T10:00:00Z", "since: expected a day without quotes"),
        ("2027-01-31", "2025-01-31", "deprecated: expected no day before since, got datetime.date(2025, 1, 31)"),
        ('"A customer has paid. "', "1", "description: expected text, got 1"),
        ("description", "descripton", 'descripton: unknown key; did you mean "description"?'),
        ("description", "x", "x: unknown key; expected one of detail_type, "),
        ("description =", 'detail_type = ""\ndescription =', "detail_type: expected 1 to 128 characters, got ''"),
        ('"note": null}', '"note": nul}', "sample: is not JSON: Expecting value at character "),
        ('{"total": "19.90", "note": null}', "[1]", "sample: expected a JSON object, got [1]"),
        ("schema = '''", "other = '''", "schema: missing; expected a JSON object between ''' and '''"),
        ("sample = '''", "[sample]\nx = '''", "sample: expected a JSON object as text, between ''' and ''', got {'x'"),
        ("since", "[since", "is not TOML: "),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in PAID
    (folder / "order.paid.toml").write_text(PAID.replace(old, new, 1), "utf-8")
    assert any(each.startswith(f"events/order.paid.toml: {expected}") for each in mistakes(folder))


def test_the_mistakes_of_all_files_are_reported_at_once(folder: Path) -> None:
    (folder / "a.toml").write_bytes(b"\xff")
    (folder / "b.toml").write_text("since = 1", "utf-8")
    (folder / "c.toml").mkdir()
    assert [each.partition(": ")[0] for each in mistakes(folder)] == [
        "events/a.toml",
        *["events/b.toml"] * 3,
        "events/c.toml",
    ]


def test_a_sample_becomes_a_whole_event(folder: Path) -> None:
    (folder / "order.paid.toml").write_text(PAID, "utf-8")
    (paid,) = loader.load(folder)
    event = paid.sample_event(
        source="aws.partner/acme.example/c42",
        account="222222222222",
        region="us-east-1",
        time=datetime(2026, 11, 22, 10, 15, tzinfo=UTC),
    )
    assert event == {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": "order.paid",
        "source": "aws.partner/acme.example/c42",
        "account": "222222222222",
        "time": "2026-11-22T10:15:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"total": "19.90", "note": None},
    }

"""The page is complete, can be used with a keyboard and a screen reader, and interprets nothing of the catalog."""

import itertools
import json
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from relay.catalog.event_type import EventType
from relayctl.catalog import page

TODAY = date(2026, 11, 22)
EVIL = '<script>alert("1")</script>\'&'
SCHEMA = {
    "type": "object",
    "properties": {
        "total": {"type": "string", "description": "In <euros>."},
        "note": {"anyOf": [{"type": "null"}, {"type": "object"}]},
        "kind": True,
    },
    "required": ["total"],
}
TYPES = (
    EventType(
        "order.paid", "Paid.", date(2026, 1, 2), date(2027, 1, 1), {"total": "1.00", "n": [1, None, -2.5e3]}, SCHEMA
    ),
    EventType("orders/create", "", date(2026, 1, 2), date(2026, 2, 3), {}, {}),
    EventType(EVIL, EVIL, date(2026, 1, 2), None, {EVIL: EVIL}, {"type": "object", "properties": {EVIL: {}}}),
)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Document(HTMLParser):
    """The elements of a page: name, attributes and text; a mistake in nesting fails."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element: tuple[str, dict[str, str | None], list[str]] = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)

    def all(self, *tags: str) -> list[tuple[dict[str, str | None], str]]:
        """Return the attributes and the text of the elements of these names, in order."""
        return [(attributes, "".join(texts)) for tag, attributes, texts in self.elements if tag in tags]


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(page.page(TYPES, partner="aws.partner/acme.example", title="Acme's events", today=TODAY))


def test_the_page_has_a_language_a_title_and_one_main_heading(document: Document) -> None:
    assert [attributes["lang"] for attributes, _ in document.all("html")] == ["en"]
    assert [text for _, text in document.all("title")] == ["Acme's events"]
    assert [text for _, text in document.all("h1")] == ["Acme's events"]
    assert len(document.all("main")) == 1


def test_headings_skip_no_level(document: Document) -> None:
    levels = [int(tag[1]) for tag, _, _ in document.elements if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_each_event_type_can_be_reached_and_is_a_region_with_a_name(document: Document) -> None:
    headings = {attributes["id"]: text for attributes, text in document.all("h2")}
    assert list(headings.values()) == ["order.paid", "orders/create", EVIL]
    links = [attributes["href"] for attributes, _ in document.all("a") if str(attributes["href"]).startswith("#")]
    assert links == [f"#{anchor}" for anchor in headings]
    assert [attributes["aria-labelledby"] for attributes, _ in document.all("section")] == list(headings)


def test_no_id_is_there_twice(document: Document) -> None:
    ids = Counter(attributes["id"] for _, attributes, _ in document.elements if "id" in attributes)
    assert set(ids.values()) == {1}


def test_tables_have_captions_and_each_cell_a_heading(document: Document) -> None:
    assert len(document.all("table")) == len(document.all("caption")) == 2
    assert {attributes.get("scope") for attributes, _ in document.all("th")} == {"col", "row"}


def test_code_that_scrolls_can_be_reached_by_keyboard_and_has_a_name(document: Document) -> None:
    code = document.all("pre")
    assert len(code) == 2 * len(TYPES)
    assert all(attributes["tabindex"] == "0" and attributes["role"] == "region" for attributes, _ in code)
    names = [attributes["aria-label"] for attributes, _ in code]
    assert len(set(names)) == len(names)


def test_nothing_of_the_catalog_is_interpreted_and_nothing_runs_or_is_fetched(document: Document) -> None:
    assert document.all("script", "img", "iframe", "link") == []
    assert not any(name.startswith("on") for _, attributes, _ in document.elements for name in attributes)
    hrefs = [str(attributes["href"]) for attributes, _ in document.all("a")]
    assert all(href.startswith(("#", "schemas/")) or href == "catalog.json" for href in hrefs)


def test_a_deprecation_is_said_in_words(document: Document) -> None:
    assert [text for _, text in document.all("strong")] == [
        "Will be deprecated on 2027-01-01.",
        "Deprecated since 2026-02-03.",
    ]
    assert [text for _, text in document.all("li")] == ["order.paid", "orders/create (deprecated)", EVIL]


def test_each_property_has_its_type_and_whether_it_is_always_there(document: Document) -> None:
    cells = [text for _, text in document.all("th", "td")]
    assert cells[4:16] == [
        *("total", "string", "always", "In <euros>."),
        *("note", "null or object", "sometimes", ""),
        *("kind", "any", "sometimes", ""),
    ]


def test_samples_are_whole_events_and_their_tokens_are_marked(document: Document) -> None:
    samples: list[dict[str, Any]] = [json.loads(text) for _, text in document.all("pre")[1::2]]
    assert [event["detail-type"] for event in samples] == ["order.paid", "orders/create", EVIL]
    assert [event["detail"] for event in samples] == [each.sample for each in TYPES]
    marked = {(attributes["class"], text) for attributes, text in document.all("span")}
    assert {("name", '"total"'), ("text", '"1.00"'), ("value", "null"), ("value", "-2500.0"), ("value", "1")} <= marked


def test_the_folder_has_a_schema_for_each_type_and_an_index(tmp_path: Path) -> None:
    page.write(tmp_path, TYPES, partner="aws.partner/acme.example", title="Events", today=TODAY)
    index = json.loads((tmp_path / "catalog.json").read_text("utf-8"))["event_types"]
    assert [each["detail_type"] for each in index] == [each.detail_type for each in TYPES]
    assert [json.loads((tmp_path / each["schema"]).read_text("utf-8")) for each in index] == [
        each.schema for each in TYPES
    ]
    links = {attributes["href"] for attributes, _ in Document((tmp_path / "index.html").read_text("utf-8")).all("a")}
    assert {each["schema"] for each in index} <= links


def test_an_empty_catalog_is_a_page_too() -> None:
    assert "There are none yet." in page.page((), partner="aws.partner/a", title="Events", today=TODAY)

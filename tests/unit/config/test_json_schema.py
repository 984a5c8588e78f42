"""The fields, the committed schema and the reference page say the same."""

import json

from relay.config.field import Field
from relay.config.fields import TOP_FIELDS
from relay.config.json_schema import json_schema
from tests.conftest import FOLDER
from tools import relay_toml

ROOT = FOLDER.parent


def every_field(fields: tuple[Field, ...]) -> list[Field]:
    return [found for field in fields for found in (field, *every_field(field.fields))]


def test_the_committed_schema_is_that_of_the_fields() -> None:
    assert relay_toml.SCHEMA.read_text("utf-8") == relay_toml.schema(), "python -m tools.relay_toml"


def test_the_tables_of_the_reference_page_are_those_of_the_fields() -> None:
    text = relay_toml.PAGE.read_text("utf-8")
    assert relay_toml.BEGIN in text
    assert text == relay_toml.page(text), "python -m tools.relay_toml"


def test_the_shipped_file_names_its_schema() -> None:
    first = (ROOT / "relay.toml").read_text("utf-8").splitlines()[0]
    assert first == f"#:schema ./{relay_toml.SCHEMA.name}"


def test_every_field_has_a_sentence_for_editors() -> None:
    assert [field.name for field in every_field(TOP_FIELDS) if not field.doc.endswith(".")] == []


def test_the_schema_knows_every_preset_and_forbids_other_keys() -> None:
    route = json_schema()["properties"]["route"]["items"]
    assert {"github", "stripe"} <= set(route["properties"]["preset"]["enum"])
    assert not route["additionalProperties"]
    assert not route["properties"]["event"]["additionalProperties"]
    json.dumps(route)

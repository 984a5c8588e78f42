"""Nothing in a detail-type ends the text that it stands in: what a parser reads is what was wanted."""

import itertools
import json
import re
import shlex
import subprocess
from typing import Any

import hcl2
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.handover.quoting import to_hcl, to_shell, to_yaml
from relay.handover.render import Form, render
from tests.unit.destinations.destinations import destination

SPELLINGS = (
    '"',
    "'",
    "\\",
    "${x}",
    "$${",
    "%{ if true }",
    "`id`",
    "$(id)",
    "\n# ",
    "@source",
    "}",
    "é",
    "😀",
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.lists(st.sampled_from(SPELLINGS), max_size=6).map("".join),
)
DETAIL_TYPES = TEXTS.map(lambda text: text.replace("*", "")).filter(bool)


class Loader(yaml.CSafeLoader):
    """Reads CloudFormation's YAML; what `!Ref` and the like say does not matter here."""


Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)
WANTED = st.lists(DETAIL_TYPES, min_size=1, max_size=4, unique=True).map(tuple)


def hcl_text(literal: str) -> str:
    """Return what HCL reads: python-hcl2 gives the text between the quotes as it is written.

    https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#quoted-template-expressions
    """
    assert "${" not in literal
    assert "%{" not in literal
    written = re.sub(r"\\U([0-9a-f]{8})", lambda found: chr(int(found[1], 16)), literal)
    return str(json.loads(written))


def patterns(detail_types: tuple[str, ...]) -> list[Any]:
    return [{"detail-type": [one]} for one in detail_types]


@settings(max_examples=15)
@given(WANTED)
def test_the_template_has_a_rule_for_each_detail_type_and_nothing_more(detail_types: tuple[str, ...]) -> None:
    found = yaml.load(render(destination(detail_types=detail_types), Form.CLOUDFORMATION), Loader)
    rules = [one["Properties"] for one in found["Resources"].values() if one["Type"] == "AWS::Events::Rule"]
    assert [rule["EventPattern"] for rule in rules if rule["Name"] != "everything-to-log"] == patterns(detail_types)
    assert list(found) == ["AWSTemplateFormatVersion", "Description", "Parameters", "Rules", "Resources", "Outputs"]
    assert len(found["Resources"]) == 13 + 2 * len(detail_types)


@settings(max_examples=15)
@given(WANTED)
def test_the_terraform_has_a_rule_for_each_detail_type_and_nothing_more(detail_types: tuple[str, ...]) -> None:
    found = hcl2.loads(render(destination(detail_types=detail_types), Form.TERRAFORM))
    assert len(found["resource"]) == 16
    rules = found["locals"][0]["rules"]
    assert [hcl_text(rules[f'"events-{number}"']["description"]) for number in range(1, len(rules) + 1)] == [
        f"Detail-type {one}" for one in detail_types
    ]


@given(TEXTS)
def test_hcl_reads_each_text_as_it_was(text: str) -> None:
    assert hcl_text(to_hcl(text)) == text


@given(WANTED)
def test_the_script_has_a_rule_for_each_detail_type_and_nothing_more(detail_types: tuple[str, ...]) -> None:
    words = shlex.split(render(destination(detail_types=detail_types), Form.CLI), comments=True)
    rules = [json.loads(after) for word, after in itertools.pairwise(words) if word == "add_rule"]
    assert [json.loads(rule["EventPattern"]) for rule in rules[:-1]] == patterns(detail_types)
    assert rules[-1]["Name"] == "everything-to-log"


@given(WANTED)
def test_the_steps_have_a_fence_for_each_detail_type_and_nothing_more(detail_types: tuple[str, ...]) -> None:
    steps = render(destination(detail_types=detail_types), Form.CONSOLE)
    fences = re.findall(r"^   ```json\n   (.*)\n   ```$", steps, re.MULTILINE)
    assert [json.loads(fence) for fence in fences[:-1]] == patterns(detail_types)


@given(st.recursive(TEXTS, lambda values: st.lists(values) | st.dictionaries(TEXTS, values), max_leaves=6))
def test_yaml_reads_each_value_as_it_was(value: Any) -> None:
    assert yaml.load(f"key: {to_yaml(value)}\nend: here", Loader) == {"key": value, "end": "here"}


@settings(max_examples=30)
@given(st.lists(TEXTS.map(lambda text: text.replace("\0", "")), max_size=20))
def test_bash_reads_each_text_as_it_was(texts: list[str]) -> None:
    command = "".join(f"printf '%s\\0' {to_shell(text)}\n" for text in texts)
    result = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert (result.stdout, result.stderr) == ("".join(f"{text}\0" for text in texts).encode(), b"")

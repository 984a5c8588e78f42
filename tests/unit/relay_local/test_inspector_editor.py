"""A route of relay.toml in the inspector's editor: its lines, its mistakes, and what an edit changes."""

import pytest

from relay.config.model import Config
from relay_local.inspector import editor
from relay_local.inspector.captures import Captures
from tests.conftest import RELAY_TOML
from tests.unit.relay_local.captures import captured, relay

__all__ = ["relay"]  # fixture


TWO = (
    RELAY_TOML
    + """
# The second one's comment.
[[route]]
name = "second"
path = "/second"
auth = { scheme = "standard-webhooks", secret = "second/secret" }
[route.event]
source = "aws.partner/acme.example/second"
detail_type = "a"
"""
)


def test_a_route_is_cut_out_of_the_file_and_put_back() -> None:
    first, second = editor.find(TWO, "orders"), editor.find(TWO, "second")
    assert first.text.startswith('[[route]]\nname = "orders"')
    assert "second" not in first.text
    assert second.text.endswith('detail_type = "a"\n')
    for block in (first, second):
        assert editor.replace_route(block, block.text) == TWO
        assert TWO.splitlines()[block.first_line - 1] == "[[route]]"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("detail_type", "detial_type", 7, 'did you mean "detail_type"?'),
        ("${body.type}", "${body.none}", 7, "is null or missing"),
        ("${body.type}", "${body.type[}", 7, "is not JMESPath"),
        ("[route.event]", "[route.event", 5, "is not TOML"),
    ],
)
def test_a_problem_has_its_line_in_the_route(old: str, new: str, line: int, message: str) -> None:
    block = editor.find(TWO, "orders")
    found = editor.attempt(block, block.text.replace(old, new), captured(Captures()))
    assert found["problems"][0]["line"] == line
    assert message in found["problems"][0]["message"]


def test_an_edit_is_compared_with_every_webhook_of_the_route_that_was_accepted() -> None:
    captures = Captures()
    for status in (202, 202, 401):
        captured(captures, status=status)
    block = editor.find(TWO, "orders")
    assert editor.compare(block, block.text, captures.all()) == {"webhooks": 2, "changed": 0, "changes": []}
    found = editor.compare(block, block.text.replace("${body.type}", "v2.${body.type}"), captures.all())
    assert (found["webhooks"], found["changed"]) == (2, 2)
    [change] = found["changes"]
    assert (change["change"], change["fields"], change["count"]) == ("other fields", "detail-type", 2)
    assert "problems" in editor.compare(block, "nonsense", captures.all())


def test_a_body_that_cannot_be_read_is_said(relay: Config) -> None:
    assert relay.routes
    block = editor.find(TWO, "orders")
    [problem] = editor.attempt(block, block.text, captured(Captures(), body=b"{"))["problems"]
    assert problem["message"].startswith("would be answered 400: ")


@pytest.mark.parametrize(("file", "why"), [("x", "is not TOML"), (RELAY_TOML, 'no route "second" any more')])
def test_a_file_that_cannot_be_used_says_so(file: str, why: str) -> None:
    with pytest.raises(editor.Unusable, match=why):
        editor.find(file, "second")

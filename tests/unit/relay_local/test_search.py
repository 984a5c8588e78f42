"""What the search of the inspector's page finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_local.inspector import search
from relay_local.inspector.captures import Captures
from tests.unit.relay_local.captures import captured

FIELDS = {"type": ["order.created", "order.paid"], "customer": ["c42"], "status": ["202"]}
BODY = b'{"type":"order.created","name":"Zo\\u00eb","id":12345678901234567890}'


def found(query: str) -> bool:
    capture = captured(Captures(), body=BODY, told={"entries": [{"event_id": "1111-2222"}]})
    return search.matches(search.parse(query), capture, FIELDS, ["letter-7"])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "order.PAID",
        "/orders/c42",
        "1111-2222",
        "letter-7",
        "12345678901234567890",
        "zoë",
        "webhook-signature",
        "type:paid c42",
        "TYPE:paid",
        'type:"order.created"',
        '"order.created"',
    ],
)
def test_a_webhook_is_found_by_what_is_in_it(query: str) -> None:
    assert found(query)


@pytest.mark.parametrize("query", ["c43", "order.paid c43", "customer:order", "source:c42", '"paid order"'])
def test_every_word_has_to_be_in_it_and_in_the_field_that_is_named(query: str) -> None:
    assert not found(query)


@given(st.text())
def test_any_text_is_a_query(query: str) -> None:
    assert found(query) in {True, False}

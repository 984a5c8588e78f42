"""What is stored in a queue is what SQS takes, and only the relay's own keys are followed into the bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.aws import sqs
from relay.delivery.message import MAX_ATTRIBUTE, InvalidMessage, ascii_attribute


@pytest.mark.parametrize(
    "key", ["", "claims/1", "overflow/../claims/1", "overflow/" + "x" * 36, "overflow/" + "a" * 5000]
)
def test_a_pointer_that_is_none_of_ours_is_unreadable_and_never_looked_up(key: str) -> None:
    with pytest.raises(InvalidMessage):
        sqs.load_message_text('{"overflow":{"key":"' + key + '"}}')


@pytest.mark.parametrize("text", ["", "x", "[]", "1", '{"overflow":1}', '{"overflow":{}}', "[" * 100_000])
def test_what_is_no_pointer_is_the_message(text: str) -> None:
    assert sqs.load_message_text(text) == text


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_an_attribute_is_ascii_and_short_enough(text: str) -> None:
    attribute = ascii_attribute(text)
    assert attribute.isascii()
    assert len(attribute) <= MAX_ATTRIBUTE
    assert all(character >= " " for character in attribute)

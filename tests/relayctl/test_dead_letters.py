"""Messages in the dead-letter queue that are not the relay's, and payloads that attack the terminal or a file."""

import io
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import BadParameter

from relayctl import output
from relayctl.commands import dead_letters
from relayctl.dead_letter_queue import DeadLetter, DeadLetterQueue, Filter
from relayctl.inputs import parse_duration
from relayctl.output import OutputFormat

NOW = datetime(2026, 11, 23, 7, 9, 54, tzinfo=UTC)
NOT_OURS = [
    *("", "x", "null", "[]", "1", "NaN", "{", "[" * 100_000, '{"a":' * 5000, '"\\ud800"', "\x9b31m"),
    *('{"entry":[]}', '{"entry":"x"}', '{"entry":{"DetailType":[]}}', '{"error":"x"}', '{"error":[]}', '{"error":{}}'),
    *(
        '{"attempts":NaN}',
        '{"attempts":{}}',
        '{"entry":null,"error":null}',
        '{"error":{"code":"\\u009b2J","message":1}}',
    ),
]
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)
LETTERS = st.one_of(
    TEXTS,
    VALUES.map(json.dumps),
    st.dictionaries(st.sampled_from(["entry", "error", "attempts", "webhook"]), VALUES).map(json.dumps),
    st.sampled_from(NOT_OURS),
)


def dead_letter(text: str) -> DeadLetter:
    return DeadLetter("1", "receipt", text, {"Route": {"StringValue": "a", "DataType": "String"}}, NOW)


class FakeSqs:
    """An SQS client with one queue, which answers as SQS does when receiving took longer than the visibility timeout.

    So every message is visible again before it is released.
    """

    def __init__(self, *texts: str) -> None:
        self.queue = DeadLetterQueue(self, "", "", "", "")
        self._receivable = [list(texts)]
        self.released: list[list[str]] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        """Return all messages at once, then none."""
        if not self._receivable:
            return {}
        attributes = {"SentTimestamp": "1795417794000"}
        return {
            "Messages": [
                {"MessageId": str(number), "ReceiptHandle": "r", "Body": text, "Attributes": attributes}
                for number, text in enumerate(self._receivable.pop())
            ]
        }

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Record the receipts and refuse all of them."""
        self.released.append([entry["ReceiptHandle"] for entry in request["Entries"]])
        return {"Failed": [{"Id": entry["Id"], "Code": "MessageNotInflight"} for entry in request["Entries"]]}


@contextmanager
def captured() -> Iterator[list[str]]:
    """Yield a list that holds, after the block, what was printed on standard output and on standard error."""
    printed: list[str] = []
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        yield printed
    printed += [out.getvalue(), err.getvalue()]


def is_harmless(printed: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in printed)


@given(LETTERS)
def test_any_dead_letter_can_be_printed_without_controlling_the_terminal(text: str) -> None:
    for output_format in OutputFormat:
        with captured() as printed:
            output.print_rows(output_format, dead_letters.COLUMNS, [dead_letter(text).row()])
        assert is_harmless("".join(printed).replace("\t", ""))
    with captured() as printed:
        dead_letters.print_letter(dead_letter(text))
    out, err = printed
    assert is_harmless(out + err)
    json.loads(out)


@given(VALUES)
def test_printed_json_parses_to_the_same_value(value: Any) -> None:
    with captured() as printed:
        output.print_json(value)
    assert json.loads(printed[0]) == value


@given(TEXTS)
def test_a_message_cannot_control_the_terminal(text: str) -> None:
    with captured() as printed:
        output.print_message(text)
        output.print_text(text)
    assert is_harmless("".join(printed))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_only_the_owner_can_read_an_export_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text("yesterday's")
    file.chmod(0o666)
    before = os.umask(umask)
    try:
        dead_letters.write_privately(file, "new")
    finally:
        os.umask(before)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_export_leaves_the_file_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text("yesterday's")
    with pytest.raises(UnicodeEncodeError):
        dead_letters.write_privately(file, "\ud800")
    assert file.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_may_go_to_a_pipe() -> None:
    reading, writing = os.pipe()
    dead_letters.write_privately(Path(f"/dev/fd/{writing}"), "new")
    os.close(writing)
    with os.fdopen(reading) as read:
        assert read.read() == "new"


@pytest.mark.parametrize(
    ("text", "expected"), [("30m", timedelta(minutes=30)), ("0s", timedelta(0)), ("2d", timedelta(2))]
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_a_mistake_on_the_command_line(text: str) -> None:
    try:
        age = parse_duration(text)
    except BadParameter:
        return
    assert Filter(older_than=age).matches(dead_letter("")) == (datetime.now(UTC) - NOW >= age)


@pytest.mark.parametrize("text", NOT_OURS)
def test_messages_of_others_do_not_hide_the_relays_own(text: str) -> None:
    letters = FakeSqs(text, '{"entry":{"DetailType":"a"}}').queue.list_matching(Filter())
    assert [letter.row()["detail-type"] for letter in letters][-1] == "a"


def test_dead_letters_are_released_ten_at_a_time_even_if_some_are_visible_already() -> None:
    sqs = FakeSqs(*["x"] * 25)
    assert len(sqs.queue.list_matching(Filter())) == 25
    assert [len(receipts) for receipts in sqs.released] == [10, 10, 5]

"""Dead letters that are not ours, and payloads that try something with the terminal or the file."""

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

from relayctl import dead_letters, printing
from relayctl.letters import Filter, Letter, Queues, duration
from relayctl.options import Output

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


def letter(text: str) -> Letter:
    return Letter("1", "receipt", text, {"Route": {"StringValue": "a", "DataType": "String"}}, NOW)


class Seen:
    """A queue of these letters, wherever a command asks for one."""

    def __init__(self, *texts: str) -> None:
        self.queues = Queues(self, "", "", "", "")
        self._waiting = [list(texts)]
        self.released: list[list[str]] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        """As SQS does."""
        if not self._waiting:
            return {}
        attributes = {"SentTimestamp": "1795417794000"}
        return {
            "Messages": [
                {"MessageId": str(number), "ReceiptHandle": "r", "Body": text, "Attributes": attributes}
                for number, text in enumerate(self._waiting.pop())
            ]
        }

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        """As SQS does, when it took so long that all of them are seen already."""
        self.released.append([one["ReceiptHandle"] for one in asked["Entries"]])
        return {"Failed": [{"Id": one["Id"], "Code": "MessageNotInflight"} for one in asked["Entries"]]}


@contextmanager
def captured() -> Iterator[list[str]]:
    """What is printed inside, afterwards: on standard output and on standard error."""
    printed: list[str] = []
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        yield printed
    printed += [out.getvalue(), err.getvalue()]


def is_harmless(printed: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in printed)


@given(LETTERS)
def test_whatever_a_letter_is_it_is_printed_and_does_nothing_to_the_terminal(text: str) -> None:
    for output in Output:
        with captured() as printed:
            printing.rows(output, dead_letters.COLUMNS, [letter(text).row()])
        assert is_harmless("".join(printed).replace("\t", ""))
    with captured() as printed:
        dead_letters.print_letter(letter(text))
    out, err = printed
    assert is_harmless(out + err)
    json.loads(out)


@given(VALUES)
def test_json_that_is_printed_is_the_value_that_was_given(value: Any) -> None:
    with captured() as printed:
        printing.json_value(value)
    assert json.loads(printed[0]) == value


@given(TEXTS)
def test_a_message_does_nothing_to_the_terminal(text: str) -> None:
    with captured() as printed:
        printing.say(text)
        printing.text(text)
    assert is_harmless("".join(printed))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_an_export_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text("of yesterday")
    file.chmod(0o666)
    before = os.umask(umask)
    try:
        dead_letters.write_privately(file, "new")
    finally:
        os.umask(before)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text("of yesterday")
    with pytest.raises(UnicodeEncodeError):
        dead_letters.write_privately(file, "\ud800")
    assert file.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_may_go_to_a_pipe() -> None:
    reading, writing = os.pipe()
    dead_letters.write_privately(Path(f"/dev/fd/{writing}"), "new")
    os.close(writing)
    with os.fdopen(reading) as read:
        assert read.read() == "new"


@pytest.mark.parametrize(
    ("text", "found"), [("30m", timedelta(minutes=30)), ("0s", timedelta(0)), ("2d", timedelta(2))]
)
def test_a_duration(text: str, found: timedelta) -> None:
    assert duration(text) == found


@given(st.text(max_size=8))
def test_what_is_no_duration_is_a_mistake_of_the_command_line(text: str) -> None:
    try:
        found = duration(text)
    except BadParameter:
        return
    assert Filter(None, None, None, found).takes(letter("")) == (datetime.now(UTC) - NOW >= found)


@pytest.mark.parametrize("text", NOT_OURS)
def test_letters_that_are_not_ours_are_looked_through(text: str) -> None:
    found = Seen(text, '{"entry":{"DetailType":"a"}}').queues.look(Filter(None, None, None, None))
    assert [one.row()["detail-type"] for one in found][-1] == "a"


def test_letters_are_released_ten_at_a_time_although_some_are_seen_already() -> None:
    seen = Seen(*["x"] * 25)
    assert len(seen.queues.look(Filter(None, None, None, None))) == 25
    assert [len(receipts) for receipts in seen.released] == [10, 10, 5]

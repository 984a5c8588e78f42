"""One sentence a line in Markdown: a change of one sentence is then a change of one line."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]

NOT_PROSE = re.compile(r"^( {4,}\S|\||#|<|\[!|!\[|---|\s*$)")
LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.) ")
ABBREVIATION = re.compile(r"\b(e\.g|i\.e|vs|etc|cf)\.", re.IGNORECASE)
SENTENCE_END = re.compile(r"""[.!?]["')*_\]]* +(?=["'(*_\[]*[A-Z])""")


def paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph and of each list item; code blocks, tables and headings are left out."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if NOT_PROSE.match(line):
            found.append([])
            continue
        if LIST_ITEM.match(line):
            found.append([])
        found[-1].append(LIST_ITEM.sub("", line).strip())
    return [lines for lines in found if lines]


def prose(line: str) -> str:
    """Return `line` with each piece of code as one capitalized word, without link targets and abbreviations' dots."""
    line = re.sub(r"`[^`]*`", "Code", line)
    return ABBREVIATION.sub("", re.sub(r"\]\([^)]*\)", "]", line))


def mistakes(text: str) -> list[str]:
    """Return each line that holds two sentences, or that ends in the middle of one."""
    found = []
    for lines in paragraphs(text):
        found += [line for line in lines if SENTENCE_END.search(prose(line))]
        found += [line for line in lines[:-1] if not re.search(r"""[.!?:]["')*_\]]*$""", prose(line))]
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_page_has_one_sentence_a_line(page: Path) -> None:
    assert mistakes(page.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text", ["One. Two.", "One (or two). `code` follows.", "- One\n  and a half.", "See [a](b.c). Go."]
)
def test_two_sentences_in_a_line_or_a_sentence_in_two_are_found(text: str) -> None:
    assert len(mistakes(text)) == 1


@pytest.mark.parametrize(
    "text", ["One.\nTwo.", "E.g. `x.Y` is one.", "    code. Code.", "| a. B | c. D |", "1. One.\n2. Two."]
)
def test_code_tables_abbreviations_and_lists_are_left_alone(text: str) -> None:
    assert mistakes(text) == []

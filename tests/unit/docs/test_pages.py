"""The form of the pages: one sentence a line, so that a diff reads like the text; links and an index that hold."""

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
    groups: list[list[str]] = [[]]
    for line in text.splitlines():
        if NOT_PROSE.match(line):
            groups.append([])
            continue
        if LIST_ITEM.match(line):
            groups.append([])
        groups[-1].append(LIST_ITEM.sub("", line).strip())
    return [lines for lines in groups if lines]


def prose(line: str) -> str:
    """Return `line` with each piece of code as one capitalized word, without link targets and abbreviations' dots."""
    line = re.sub(r"`[^`]*`", "Code", line)
    return ABBREVIATION.sub("", re.sub(r"\]\([^)]*\)", "]", line))


def mistakes(text: str) -> list[str]:
    """Return each line that holds two sentences, or that ends in the middle of one."""
    lines_with_mistakes = []
    for lines in paragraphs(text):
        lines_with_mistakes += [line for line in lines if SENTENCE_END.search(prose(line))]
        lines_with_mistakes += [line for line in lines[:-1] if not re.search(r"""[.!?:]["')*_\]]*$""", prose(line))]
    return lines_with_mistakes


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


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings as GitHub forms them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_an_index() -> None:
    indexes = [ROOT / "docs" / name for name in ("index.md", "decisions/README.md", "reference/senders.md")]
    links = {
        (index.parent / link).resolve()
        for index in indexes
        for link in re.findall(r"\]\(([^)#:\s]+)", index.read_text("utf-8"))
    }
    assert set((ROOT / "docs").rglob("*.md")) - links == {ROOT / "docs/index.md"}


WITH_PURPOSE = [page for page in PAGES if page.parent.name != "decisions" and page.name != "README.md"]


@pytest.mark.parametrize("page", WITH_PURPOSE, ids=lambda page: page.name)
def test_a_page_first_says_what_it_is_for(page: Path) -> None:
    assert re.match(r"# .*\n\nThis page ", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    broken = []
    for path, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []

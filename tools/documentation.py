"""Write llms.txt, the list of the pages for language models, from docs/index.md: `python -m tools.documentation`.

https://llmstxt.org has the format. A test says when the file is out of date.
`make docs` takes the order of the site's pages from the same index.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
INDEX = ROOT / "docs" / "index.md"
LLMS = ROOT / "llms.txt"

PROJECT_PAGES = {
    "README.md": "what the relay is, what to know before you decide, and how to try and deploy it",
    "CONTRIBUTING.md": "commands, principles, layout, recipes for common changes, and the glossary",
    "SECURITY.md": "how to report a vulnerability",
    "CHANGELOG.md": "what has changed",
}
"""The pages beside docs/, and what each is for."""


@dataclass(frozen=True)
class Page:
    """A row of the index: `path` is relative to docs/."""

    title: str
    path: str
    about: str


@dataclass(frozen=True)
class Section:
    """A heading of the index with its pages, in order."""

    title: str
    pages: Sequence[Page]


def sections(index: str) -> list[Section]:
    """Return the sections of the text of docs/index.md that have pages."""
    found = []
    for part in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        title = part.partition("\n")[0]
        rows = re.findall(r"^\| \[(.+?)\]\(([^)]+)\) \| (.*) \|$", part, re.MULTILINE)
        found.append(Section(title, [Page(*row) for row in rows]))
    return [section for section in found if section.pages]


def llms(index: str) -> str:
    """Return the text of llms.txt: what the project is, then every page of the index and those beside docs/."""
    description = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["description"]
    lines = ["# Partner Event Relay", "", f"> {description}.", ""]
    for section in sections(index):
        lines += [f"## {section.title}", ""]
        lines += [f"- [{page.title}](docs/{page.path}): {_plain(page.about)}" for page in section.pages]
        lines += [""]
    lines += ["## Project", "", *(f"- [{path}]({path}): {about}" for path, about in PROJECT_PAGES.items())]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return `text` without links."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def main() -> None:
    """Write the file."""
    LLMS.write_text(llms(INDEX.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

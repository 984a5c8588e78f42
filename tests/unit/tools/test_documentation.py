"""The lists that are made from docs/index.md: llms.txt, and the pages of the site."""

import json
from typing import Any

import pytest

from tools import documentation, site_pages

INDEX = documentation.INDEX.read_text("utf-8")


def test_llms_txt_is_current() -> None:
    assert documentation.LLMS.read_text("utf-8") == documentation.llms(INDEX), (
        "run .venv/bin/python -m tools.documentation"
    )


def test_an_entry_for_language_models_has_a_title_a_link_and_no_other_link() -> None:
    index = (
        "# Documentation\n\n## Tutorials: learn\n\n| page | for |\n|---|---|\n| [One](a/one.md) | see [two](two.md) |\n"
    )
    assert "## Tutorials: learn\n\n- [One](docs/a/one.md): see two\n" in documentation.llms(index)


def paths(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    below = nav.values() if isinstance(nav, dict) else nav
    return [path for item in below for path in paths(item)]


def test_every_page_is_on_the_site_once() -> None:
    docs = documentation.INDEX.parent
    written = {str(path.relative_to(docs)) for path in docs.rglob("*.md")}
    generated = {site_pages.OPENAPI_PAGE, *map(site_pages.project_page, documentation.PROJECT_PAGES)}
    found = paths(site_pages.navigation(INDEX))
    assert len(found) == len(set(found))
    assert set(found) == written | generated


def test_the_site_has_the_order_of_the_index() -> None:
    found = paths(site_pages.navigation(INDEX))
    positions = [found.index(page.path) for section in documentation.sections(INDEX) for page in section.pages[:1]]
    assert positions == sorted(positions)
    assert json.dumps(site_pages.navigation(INDEX)).startswith('[{"Documentation": "index.md"}, {"Tutorials": [')


@pytest.mark.parametrize(
    ("page", "written", "expected"),
    [
        ("how-to/mapping.md", "[all](../reference/senders.md#a)", "[all](../reference/senders.md#a)"),
        ("how-to/mapping.md", "[start](../../README.md#deploy)", "[start](../project/about.md#deploy)"),
        ("project/about.md", "[why](docs/explanation/cost.md)", "[why](../explanation/cost.md)"),
        ("project/about.md", "[![a](docs/pictures/a.png)](docs/index.md)", "[![a](../pictures/a.png)](../index.md)"),
        ("project/security.md", "[terms](CONTRIBUTING.md#glossary)", "[terms](contributing.md#glossary)"),
        ("index.md", "[tests](../tests/test_a.py)", "tests (`tests/test_a.py`)"),
        ("index.md", "[`test_a.py`](../tests/test_a.py)", "`tests/test_a.py`"),
        (
            "index.md",
            "[AWS](https://example.com/a) and [here](#below)",
            "[AWS](https://example.com/a) and [here](#below)",
        ),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_becomes_the_path_of_a_file(
    page: str, written: str, expected: str
) -> None:
    assert site_pages.rewrite_links(written, page) == expected

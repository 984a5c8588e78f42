"""The pages of the documentation's site: their order, where they are, and links that hold there.

On a forge a page links to files of the repository.
The site has no files but its pages, so there such a link becomes the file's path.
"""

import posixpath
import re
from pathlib import PurePosixPath
from typing import Any

from tools import documentation

OPENAPI = "reference/openapi.json"
OPENAPI_PAGE = "reference/openapi.md"
OPENAPI_TEXT = f"""\
# OpenAPI document of the control API

This page shows [openapi.json]({posixpath.basename(OPENAPI)}), the document from which clients can be generated.
[Control API](control-api.md) explains the operations.

<swagger-ui src="{posixpath.basename(OPENAPI)}"/>
"""
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)#:\s]+)(#[^)]*)?\)")


def navigation(index: str) -> list[dict[str, Any]]:
    """Return the pages in the order of docs/index.md, in the form of MkDocs's option `nav`."""
    nav: list[dict[str, Any]] = [{"Documentation": "index.md"}]
    for section in documentation.sections(index):
        pages = [{page.title: OPENAPI_PAGE if page.path == OPENAPI else page.path} for page in section.pages]
        nav.append({section.title.partition(":")[0]: pages})
    senders = sorted((documentation.INDEX.parent / "reference" / "senders").glob("*.md"))
    nav.append({"Senders": [{path.stem: f"reference/senders/{path.name}"} for path in senders]})
    decisions = sorted(path.name for path in (documentation.INDEX.parent / "decisions").glob("[0-9]*.md"))
    nav.append({"Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in decisions)]})
    nav.append({"Project": [project_page(path) for path in documentation.PROJECT_PAGES]})
    return nav


def project_page(path: str) -> str:
    """Return where on the site a page beside docs/ is; a README would be its folder's index."""
    return f"project/{PurePosixPath(path).stem.lower().replace('readme', 'about')}.md"


def rewrite_links(markdown: str, page: str) -> str:
    """Return the text of the page at `page` on the site, with links to pages of the site and none to other files."""
    source = next((path for path in documentation.PROJECT_PAGES if project_page(path) == page), f"docs/{page}")

    def rewrite(match: re.Match[str]) -> str:
        text, link, anchor = LINK.sub(rewrite, match[1]), match[2], match[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        if target := _on_site(path):
            return f"[{text}]({posixpath.relpath(target, posixpath.dirname(page) or '.')}{anchor})"
        is_its_name = text.startswith("`") and path.endswith(text.strip("`"))
        return f"`{path}`" if is_its_name else f"{text} (`{path}`)"

    return LINK.sub(rewrite, markdown)


def _on_site(path: str) -> str | None:
    if path in documentation.PROJECT_PAGES:
        return project_page(path)
    return path.removeprefix("docs/") if path.startswith("docs/") else None

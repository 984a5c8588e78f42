"""What MkDocs asks while `make docs` builds the site; runs in an environment of its own, which has no other package."""

from typing import Any

from mkdocs.structure.files import File

from tools import documentation, site_pages


def on_config(config: Any) -> None:
    """Put the pages in the order of docs/index.md."""
    config["nav"] = site_pages.navigation(documentation.INDEX.read_text("utf-8"))


def on_files(files: Any, config: Any) -> None:
    """Add the pages that are not in docs/."""
    for path in documentation.PROJECT_PAGES:
        source = str(documentation.ROOT / path)
        files.append(File.generated(config, site_pages.project_page(path), abs_src_path=source))
    files.append(File.generated(config, site_pages.OPENAPI_PAGE, content=site_pages.OPENAPI_TEXT))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the page with links that hold on the site."""
    return site_pages.rewrite_links(markdown, page.file.src_uri)

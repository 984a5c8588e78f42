"""The page's files and headers: what is served, and what keeps others out."""

import base64
from pathlib import Path

import pytest

from relay.config.customer_page import Page
from relay.page import static_files
from tests.unit.control.world import World
from tests.unit.page.browser import Site


@pytest.mark.parametrize("path", ["/page", "/page/v1/settings", "/page/nothing", "/page/v1/nothing"])
def test_every_answer_has_the_headers_that_keep_others_out(site: Site, path: str) -> None:
    _, _, headers = site.request("GET", path)
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' https://www.acme.example; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"] == "max-age=63072000"


def test_only_the_origins_of_relay_toml_may_frame_it_and_no_logo_means_no_other_host(world: World) -> None:
    page = Page("Acme", frame_ancestors=("https://app.acme.example", "https://eu.acme.example:8443"))
    policy = Site(world, page).request("GET", "/page")[2]["content-security-policy"]
    assert "frame-ancestors https://app.acme.example https://eu.acme.example:8443;" in policy
    assert "img-src 'self';" in policy


@pytest.mark.parametrize(
    "path",
    [
        "/page/",
        "/page/index.html",
        "/page/..",
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/static/index.html",
        "/page//etc/passwd",
        "/page/.gitignore",
        "/pagex",
        "/PAGE",
        "/",
        "",
    ],
)
def test_a_path_that_names_no_file_of_the_page_is_answered_404(site: Site, path: str) -> None:
    assert site.request("GET", path)[0] == 404


def test_the_files_of_the_folder_are_served_as_what_they_are(tmp_path: Path) -> None:
    for name in ("index.html", "script.js", "module.js", "style.css", "notes.txt", ".secret.js.swp"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.js").mkdir()
    found = static_files.load(tmp_path)
    assert {path: (file.content_type.partition(";")[0], file.content) for path, file in found.items()} == {
        "/page": ("text/html", b"index.html"),
        "/page/script.js": ("text/javascript", b"script.js"),
        "/page/style.css": ("text/css", b"style.css"),
    }
    answer = found["/page/script.js"].answer()
    assert (base64.b64decode(answer["body"]), answer["isBase64Encoded"]) == (b"script.js", True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_a_file_can_only_be_fetched(site: Site, method: str) -> None:
    assert site.request(method, "/page")[0] == 404

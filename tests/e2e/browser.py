"""A headless Chromium that npm has brought (@sparticuz/chromium, for Linux on x86-64), driven by Playwright.

Elsewhere the environment variable CHROMIUM has the path of one.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from relay_local.process import ROOT

FOLDER = ROOT / ".build" / "browser"
# The package extracts the libraries of a minimal system only where it believes to be on Lambda.
SCRIPT = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath())"
ARGUMENTS = (
    "--headless=shell",
    "--no-sandbox",  # CI is root in a container, where Chromium has none; it opens this project's page alone
    "--no-zygote",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

CONTRAST = """() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const back = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (color !== 'rgba(0, 0, 0, 0)') return color;
    }
  };
  const texts = 'p, a, li, td, th, caption, pre, span, strong, h1, h2, h3, button, summary';
  return Math.min(...[...document.querySelectorAll(texts)]
    .filter((one) => one.checkVisibility() && one.textContent.trim())
    .map((one) => ratio(luminance(getComputedStyle(one).color), luminance(back(one)))));
}"""
"""The least contrast between a text of the page and what is behind it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        path, libraries = (own, {}) if (own := os.environ.get("CHROMIUM")) else _installed()
        browser = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), env={**os.environ, **libraries, "HOME": str(FOLDER)}
        )
        yield browser
        browser.close()


def _installed() -> tuple[str, dict[str, str]]:
    environment = os.environ | {"TMPDIR": str(FOLDER), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
    command = ["node", "--input-type=module", "-e", SCRIPT]
    with (FOLDER / "lock").open("w") as lock:  # nobody can run the program while another worker extracts it
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    path = found.stdout.strip().splitlines()[-1]
    needed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return path, {"LD_LIBRARY_PATH": str(FOLDER / "al2023" / "lib")} if "not found" in needed else {}


def mapping_text(page: Page) -> str:
    """Return the text in the mapping editor."""
    return "\n".join(line.rstrip("\n") for line in page.locator("#mapping .cm-line").all_inner_texts())


def write_mapping(page: Page, text: str) -> None:
    """Replace the text in the mapping editor, as a person pastes one."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator("#mapping .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+v")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # The local AWS has a certificate of its own authority.
    context = browser.new_context(viewport={"width": 1280, "height": 800}, ignore_https_errors=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda message: mistakes.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(15_000)
    yield page
    context.close()
    # A page that tells what the server refused has those refusals in its console too.
    assert [one for one in mistakes if "Failed to load resource" not in one] == []

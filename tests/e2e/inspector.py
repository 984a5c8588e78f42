"""The inspector that `make run` serves, for the tests of its page: fixtures, samples, and where everything is."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page

from relay_local import samples
from relay_local.process import ROOT
from relay_local.samples import Sample

Picture = Callable[[Page, str], None]
WEBHOOKS, PAGE = "http://127.0.0.1:8080", "http://127.0.0.1:8081"
REPOSITORY = {"owner": {"login": "octo-org"}}
PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """Take the documentation's pictures; into it with `--update-pictures`."""
    folder = PICTURES if request.config.getoption("--update-pictures") else tmp_path_factory.mktemp("pictures")

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return take


@pytest.fixture(autouse=True)
def nothing_simulated(request: pytest.FixtureRequest) -> Iterator[None]:
    """End what a test has simulated, whatever became of the test."""
    yield
    if "running" in request.fixturenames:
        httpx.put(f"{PAGE}/faults", json=[]).raise_for_status()


def sample(path: str) -> Sample:
    return next(one for one in samples.load() if one.path == path)


def post(one: Sample, body: bytes | None = None) -> httpx.Response:
    body = one.body if body is None else body
    return httpx.post(WEBHOOKS + one.path, content=body, headers=one.signed(body), timeout=60)

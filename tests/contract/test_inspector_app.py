"""What the page's server answers, whatever its buttons send: never 500, and nothing to another page."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay_local.inspector.app import inspector
from relay_local.inspector.captures import Captures
from relay_local.inspector.live import Live
from tests.conftest import RELAY_TOML
from tests.unit.relay_local.captures import captured

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
ASKED = ANYTHING | st.fixed_dictionaries({"text": ANYTHING, "webhook": st.just(1) | ANYTHING, "version": ANYTHING})
BUTTONS = [
    ("PUT", "/faults"),
    ("POST", "/routes/orders/attempt"),
    ("PUT", "/routes/orders"),
    ("POST", "/routes/nowhere/attempt"),
    ("POST", "/webhooks/1/replay"),
    ("POST", "/webhooks/999999999999999999999999/replay"),
    ("POST", "/dead-letters/redrive"),
    ("POST", "/dead-letters/x/redrive"),
    ("POST", "/dead-letters/x/discard"),
    ("GET", "/webhooks?search=%22%00"),
]


class NoDeadLetters:
    """Stands for an empty dead-letter queue."""

    async def redrive_all(self) -> None:
        """There is nothing to move."""

    async def redrive(self, letter: str) -> None:
        """There is no such letter."""
        raise KeyError(letter)

    discard = redrive


class Deployed:
    """Stands for what is deployed: one webhook was posted, and the local bus takes every fault."""

    def __init__(self) -> None:
        self.captures, self.url, self.letters = Captures(), "http://127.0.0.1:1", NoDeadLetters()
        captured(self.captures)
        self.session = SimpleNamespace(config=SimpleNamespace(routes=()), secrets={})

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Nothing changes."""
        yield

    async def inject(self, _faults: Any) -> httpx.Response:
        """As the local bus answers."""
        return httpx.Response(200, text="0 faults")

    async def search(self, _query: str) -> list[int]:
        """Nothing is found."""
        return []


Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask the page's server, without a socket; what it raises is raised here."""
    relay_toml: Path = tmp_path_factory.mktemp("inspector") / "relay.toml"
    relay_toml.write_text(RELAY_TOML)
    app = inspector(cast("Live", Deployed()), relay_toml)

    async def ask(method: str, path: str, content: bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.request(method, path, content=content)

    return lambda method, path, content=b"": asyncio.run(ask(method, path, content))


@given(button=st.sampled_from(BUTTONS), body=ASKED.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_whatever_a_button_sends_it_is_answered(page: Ask, button: tuple[str, str], body: bytes) -> None:
    assert page(*button, body).status_code < 500


@pytest.mark.parametrize("button", BUTTONS[:3])
@pytest.mark.parametrize("body", [b"[1]", b"1", b'"x"', b"null", b"{", b"", b"\xff", b"[" * 100_000])
def test_what_is_not_what_a_button_sends_is_a_mistake(page: Ask, button: tuple[str, str], body: bytes) -> None:
    answer = page(*button, body)
    assert answer.status_code == 400
    assert answer.json()["problem"].startswith("expected")


def test_a_list_is_no_object(page: Ask) -> None:
    assert [page(*button, b"[]").status_code for button in BUTTONS[:3]] == [200, 400, 400]  # no faults are faults


@pytest.mark.parametrize("text", [1, [], {}, None, "\ud800"])
def test_a_mapping_that_is_no_text_is_a_mistake(page: Ask, text: object) -> None:
    asked = json.dumps({"text": text, "webhook": 1}).encode()
    assert page("POST", "/routes/orders/attempt", asked).status_code == 400


@pytest.mark.parametrize("value", [1, [], {}, None, "\ud800", "\0", "\x1b", "x" * 257])
def test_an_option_of_a_replay_that_no_program_takes_is_a_mistake(page: Ask, value: object) -> None:
    answer = page("POST", "/replays", json.dumps({"since": "1h", "customer": value}).encode())
    assert (answer.status_code, answer.json()["problem"][:15]) == (400, "expected a text")


def test_no_other_page_can_show_it_in_a_frame(page: Ask) -> None:
    for path in ("/", "/nowhere"):
        headers = page("GET", path).headers
        for directive in ("frame-ancestors", "base-uri", "form-action", "default-src"):
            assert f"{directive} 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("operation", ["redrive", "discard"])
def test_a_dead_letter_that_is_gone_is_said_to_be(page: Ask, operation: str) -> None:
    answer = page("POST", f"/dead-letters/x/{operation}")
    assert (answer.status_code, answer.json()["problem"]) == (404, "This dead letter is no longer in the queue.")

"""What the function remembers of what senders publish, against a web of a dictionary and a clock of our own."""

from dataclasses import dataclass, field

import pytest

from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS
from relay.errors import Unavailable
from relay.outbound_http import MAX_FOUND, MAX_MISSING, MAX_UNKNOWN, Documents

KEYS = "https://issuer.example/keys"
SNS = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService"


@dataclass
class Web:
    """Answers with what is published, and remembers what was asked."""

    now: float = 1_795_417_794
    published: dict[str, bytes] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.documents = Documents(self.get, lambda: self.now)

    def get(self, url: str) -> bytes:
        """Return the document, or fail."""
        self.asked.append(url)
        if self.down:
            raise Unavailable("down")
        return self.published.get(url, b"")

    def fetch(self, url: str, max_age: float = PUBLISHED_SECONDS) -> bytes:
        """Ask as a scheme does."""
        return self.documents.fetch(url, max_age)


@pytest.fixture
def web() -> Web:
    return Web()


def test_a_document_is_fetched_again_when_it_is_too_old_for_who_asks(web: Web) -> None:
    web.published[KEYS] = b"old"
    assert web.fetch(KEYS) == b"old"
    web.published[KEYS] = b"new"
    web.now += REREAD_SECONDS - 1
    assert web.fetch(KEYS, REREAD_SECONDS) == b"old"
    web.now += 1
    assert web.fetch(KEYS) == b"old"
    assert web.fetch(KEYS, REREAD_SECONDS) == b"new"
    web.published[KEYS] = b"newer"
    web.now += PUBLISHED_SECONDS
    assert web.fetch(KEYS) == b"newer"
    assert len(web.asked) == 3


def test_a_document_that_is_not_there_is_asked_for_once_in_half_a_minute(web: Web) -> None:
    assert [web.fetch(KEYS) for _ in range(5)] == [b""] * 5
    assert len(web.asked) == 1
    web.published[KEYS] = b"new"
    web.now += REREAD_SECONDS
    assert web.fetch(KEYS) == b"new"


def test_a_document_that_is_not_there_for_a_moment_stays_good_until_it_is_too_old(web: Web) -> None:
    web.published[KEYS] = b"old"
    web.fetch(KEYS)
    del web.published[KEYS]
    web.now += REREAD_SECONDS
    assert web.fetch(KEYS, REREAD_SECONDS) == b""
    assert web.fetch(KEYS) == b"old"
    web.now += PUBLISHED_SECONDS - REREAD_SECONDS
    assert web.fetch(KEYS) == b""


def test_a_clock_that_was_set_back_makes_no_document_younger(web: Web) -> None:
    web.published[KEYS] = b"old"
    web.fetch(KEYS)
    web.published[KEYS] = b"new"
    web.now -= 1
    assert web.fetch(KEYS) == b"new"


def test_a_server_that_fails_is_not_asked_by_every_webhook(web: Web) -> None:
    web.down = True
    for _ in range(3):
        with pytest.raises(Unavailable, match="down"):
            web.fetch(KEYS)
    assert len(web.asked) == 1
    web.down, web.published[KEYS] = False, b"keys"
    web.now += 5
    assert web.fetch(KEYS) == b"keys"


def test_a_flood_of_made_up_names_is_bounded_and_delays_no_certificate_that_was_found(web: Web) -> None:
    genuine = f"{SNS}-genuine.pem"
    web.published[genuine] = b"certificate"
    web.fetch(genuine)
    for number in range(2 * MAX_UNKNOWN):
        try:
            assert web.fetch(f"{SNS}-{number}.pem") == b""
        except Unavailable:
            assert number >= MAX_UNKNOWN - 1
    assert len(web.asked) == MAX_UNKNOWN
    web.now += 59
    with pytest.raises(Unavailable, match="too many documents that are not there"):
        web.fetch(f"{SNS}-new.pem")
    assert web.fetch(genuine) == web.fetch(genuine, 1) == b"certificate"
    web.published[KEYS] = b"keys"
    assert web.fetch(KEYS) == b"keys"
    web.now += 1
    web.published[f"{SNS}-new.pem"] = b"new"
    assert web.fetch(f"{SNS}-new.pem") == b"new"


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first(web: Web) -> None:
    for number in range(MAX_MISSING + 1):
        web.fetch(f"https://{number}.example/keys")
    web.asked.clear()
    web.fetch("https://1.example/keys")
    assert web.asked == []
    web.fetch("https://0.example/keys")
    assert web.asked == ["https://0.example/keys"]
    found = [f"https://found-{number}.example/keys" for number in range(MAX_FOUND + 1)]
    web.published = dict.fromkeys(found, b"keys")
    for url in found:
        web.fetch(url)
    web.asked.clear()
    assert [web.fetch(url) for url in found[1:]] == [b"keys"] * MAX_FOUND
    assert web.asked == []

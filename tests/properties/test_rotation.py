"""A secret that is rotated is seen within a fixed time, whatever strangers post meanwhile."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from relay import config
from relay.aws.api import AwsError, CallOptions, Service
from relay.aws.secrets import MAX_AGE_SECONDS, REFUSE_SECONDS, SecretStore
from relay.config.model import Config
from relay.entry import Accepted
from relay.pipeline.accept import accept
from tests import doubles
from tests.conftest import RELAY_TOML, http_api_event

NAME = "acme/c42"  # RELAY_TOML has a secret for each customer
OLD, NEW, WRONG = "whsec_b2xkIG9sZCBvbGQgb2xk", "whsec_bmV3IG5ldyBuZXcgbmV3", "whsec_d3Jvbmcgd3Jvbmcgd3Jv"
BODY = b'{"type":"order.created"}'


@dataclass
class World:
    """SecretStore Manager, a clock, and the function with its memory."""

    now: float = 1_795_417_794
    stored: dict[str, str] = field(default_factory=lambda: {NAME: OLD})
    asked: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.secrets = SecretStore(self.call, lambda: self.now)

    def call(
        self, _service: Service, _region: str, _operation: str, parameters: Mapping[str, Any], _options: CallOptions
    ) -> dict[str, Any]:
        """Answer GetSecretValue."""
        name = parameters["SecretId"]
        self.asked.append((self.now, name))
        if name not in self.stored:
            raise AwsError("ResourceNotFoundException", "")
        return {"SecretString": self.stored[name]}

    def status(self, relay: Config, secret: str) -> int:
        """Post a webhook that is signed with `secret`, and return the answer's status."""
        services = doubles.services(
            relay,
            read_secret=self.secrets.read,
            refresh_secret=self.secrets.refresh,
            send=lambda entries: [Accepted("id") for _ in entries],
            enroll=self.secrets.enroll,
        )
        now = datetime.fromtimestamp(self.now, UTC)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(self.now)),
            "webhook-signature": Webhook(secret).sign("msg_1", now, BODY.decode()),
        }
        event = http_api_event("/orders/c42", BODY, headers)
        answer, _ = accept(event, services, now, lambda: 29)
        status: int = answer["statusCode"]
        return status


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path: Path = tmp_path_factory.mktemp("rotation") / "relay.toml"
    path.write_text(RELAY_TOML)
    return config.load(path)


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


SECONDS = st.floats(0, 40, allow_nan=False)
POSTED = st.lists(st.tuples(SECONDS, st.sampled_from([OLD, WRONG])), max_size=12)
"""Who posts what before the rotation and after it: seconds since the last webhook, and what it was signed with."""


@given(before=POSTED, after=POSTED)
def test_a_new_secret_is_accepted_five_seconds_after_it_was_put_whatever_strangers_post(
    relay: Config, before: list[tuple[float, str]], after: list[tuple[float, str]]
) -> None:
    world = World()
    for seconds, secret in before:
        world.now += seconds
        world.status(relay, secret)
    world.stored[NAME] = f'["{NEW}", "{OLD}"]'
    put_at = world.now
    for seconds, secret in after:
        world.now += seconds
        assert world.status(relay, secret) == (202 if secret == OLD else 401)
    world.now = max(world.now, put_at + REFUSE_SECONDS)
    assert world.status(relay, NEW) == 202
    assert world.status(relay, OLD) == 202


@given(before=POSTED, after=POSTED)
def test_an_old_secret_is_refused_five_minutes_after_it_was_withdrawn(
    relay: Config, before: list[tuple[float, str]], after: list[tuple[float, str]]
) -> None:
    world = World()
    for seconds, secret in before:
        world.now += seconds
        world.status(relay, secret)
    world.stored[NAME] = NEW
    put_at = world.now
    for seconds, secret in after:
        world.now += seconds
        world.status(relay, secret)
    world.now = max(world.now, put_at + MAX_AGE_SECONDS)
    assert world.status(relay, OLD) == 401


@given(posted=POSTED)
def test_a_secret_is_asked_for_at_most_once_in_five_seconds(relay: Config, posted: list[tuple[float, str]]) -> None:
    world = World()
    for seconds, secret in posted:
        world.now += seconds
        world.status(relay, secret)
    times = [moment for moment, _ in world.asked]
    assert all(later - earlier >= REFUSE_SECONDS for earlier, later in itertools.pairwise(times))


def test_a_clock_that_stands_still_or_goes_back_does_not_keep_a_secret_that_was_withdrawn(relay: Config) -> None:
    world = World()
    assert world.status(relay, OLD) == 202
    world.stored[NAME] = NEW
    world.now -= 60
    assert world.status(relay, OLD) == 401

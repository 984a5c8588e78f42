"""The stack, really deployed: `cdk deploy` onto the local AWS, once for all of these tests."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from relay_local import proxy
from relay_local.deploy import STACK, drain
from relay_local.process import PARTNER, ROOT
from relay_local.samples import Sample
from relay_local.session import Session, start_session
from tests.transport import with_transport


@dataclass(frozen=True)
class Relay:
    """The deployed relay, as its users see it."""

    session: Session
    url: str

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Post as the SaaS does."""
        return httpx.post(self.url + path, content=body, headers=headers, timeout=60)

    def sample(self, path: str) -> Sample:
        """Return the sample of a route."""
        return next(sample for sample in self.session.samples if sample.path == path)

    def client(self, service: str) -> Any:
        """Return a boto3 client in the partner's account."""
        return self.session.aws.client(service, PARTNER, self.session.stack.region)

    @contextmanager
    def without(self, action: str, function: str = "Ingest") -> Iterator[None]:
        """Take an action from a function's role, for a while."""
        iam = self.client("iam")
        roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
        [role] = [name for name in roles if name.startswith(f"{STACK}-{function}")]
        [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        left = [one for one in policy["Statement"] if action not in one["Action"]]
        assert len(left) < len(policy["Statement"])
        try:
            iam.put_role_policy(
                RoleName=role, PolicyName=name, PolicyDocument=json.dumps({**policy, "Statement": left})
            )
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return what is in the dead-letter queue, taken from it."""
        messages = drain(self.client("sqs"), self.session.stack.dead_letter_queue_url)
        return [json.loads(message["Body"]) for message in messages]

    def waiting(self) -> int:
        """How many messages are in the retry queue, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=self.session.stack.retry_queue_url, AttributeNames=names
        )["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def delivers(self) -> bool:
        """Post a webhook, and return whether EventBridge has accepted it."""
        one = self.sample("/github")
        return bool(self.post(one.path, one.body, one.signed()).json()["accepted"])

    def until(self, what: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something holds, with a deadline."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.1)

    def received_within(self, seconds: float, count: int) -> list[dict[str, Any]]:
        """Return what reaches the customer until there are so many, or the time is over."""
        events: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        while len(events) < count and time.monotonic() < deadline:
            events += self.received()
            time.sleep(0.1)
        return events

    def received(self) -> list[dict[str, Any]]:
        """Return what has reached the customer, taken from the queue."""
        return list(self.session.customer.received())


@pytest.fixture(scope="session")
def relay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n  {text}", end="", flush=True)

    path = tmp_path_factory.mktemp("deployed") / "relay.toml"
    path.write_text(with_transport((ROOT / "relay.toml").read_text("utf-8")))
    with start_session(say, path) as session, proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url:
        say(f"stack {STACK} deployed: {url} is {session.stack.outputs['UrlGithub'].removesuffix('/github')}")
        yield Relay(session, url)


@pytest.fixture(autouse=True)
def empty_queues(request: pytest.FixtureRequest) -> None:
    """Empty the queues before each test that uses the relay: no test sees what another has left."""
    if "relay" in request.fixturenames:
        relay = request.getfixturevalue("relay")
        relay.received()
        relay.dead_letters()

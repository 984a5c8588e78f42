"""Following an archive, and signing what comes anew for the relay here."""

import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO

import pytest

from relay.archive import keys
from relay.archive.record import ArchivedWebhook
from relay.auth.redaction import MARKER
from relay.config.model import Config
from relay.http.request import Request
from relayctl import listening
from relayctl.listening import LISTENED, NotPosted, Target
from tests.conftest import Load

HEAD = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n'
PUBLIC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # https://www.rfc-editor.org/rfc/rfc8032#section-7.1
ROUTE = """
[[route]]
name = "{name}"
path = "/{name}"
preset = "{preset}"
auth = {auth}
event = {{ source = "aws.partner/acme.example/{name}", detail_type = "t" }}
"""


class Bucket:
    """An archive in memory, which notes what is opened."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.opened: list[str] = []

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def open(self, key: str) -> IO[bytes] | None:
        self.opened.append(key)
        return io.BytesIO(self.objects[key])

    def add(self, name: str, *webhooks: ArchivedWebhook) -> None:
        prefix = next(keys.prefixes(datetime.now(UTC) + keys.HOUR, datetime.now(UTC) + keys.HOUR))
        self.objects[f"{prefix}{name}"] = b"".join(webhook.line() for webhook in webhooks)


def webhook(name: str, ago: timedelta = timedelta(0), headers: Mapping[str, str] | None = None) -> ArchivedWebhook:
    request = Request("POST", "/github", "", {"x-github-event": "push", **(headers or {})}, b"{}", name)
    return ArchivedWebhook("github", name, datetime.now(UTC) - ago, "", request)


def test_what_comes_is_yielded_once_and_no_object_is_read_twice() -> None:
    bucket, now = Bucket(), datetime.now(UTC)
    bucket.add("1.gz", webhook("old", timedelta(minutes=3)), webhook("first"))
    rounds: Iterator[Callable[[], None]] = iter(
        [lambda: bucket.add("0.gz", webhook("late", timedelta(seconds=30))), bucket.objects.clear]
    )
    found = listening.follow(bucket, now - timedelta(minutes=1), lambda *_: None, lambda _: next(rounds)())
    assert [each.webhook_id for each in itertools.islice(found, 2)] == ["first", "late"]
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(found)
    assert [key[-4:] for key in bucket.opened] == ["1.gz", "0.gz"]


@pytest.fixture
def config(load: Load) -> Config:
    routes = {"github": ("github", '{ secret = "s" }'), "discord": ("discord", f'{{ public_key = "{PUBLIC_KEY}" }}')}
    return load(HEAD + "".join(ROUTE.format(name=name, preset=p, auth=auth) for name, (p, auth) in routes.items()))


def test_it_is_signed_anew_without_what_the_way_had_added(config: Config) -> None:
    added = {"x-forwarded-for": "1.2.3.4", "host": "relay.example", "content-length": "2", "authorization": MARKER}
    target = Target("http://127.0.0.1:8080/", config, {"github": "secret"})
    url, request = target.sign(webhook("a", headers={"x-github-delivery": "a", **added}))
    assert url == "http://127.0.0.1:8080/github"
    # printf {} | openssl dgst -sha256 -hmac secret
    signature = "sha256=77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13"
    assert request.headers == {
        "x-github-event": "push",
        "x-github-delivery": "a",
        "x-hub-signature-256": signature,
        LISTENED: "1",
    }


@pytest.mark.parametrize(
    ("route", "headers", "secrets", "says"),
    [
        ("github", {LISTENED: "1"}, {"github": "s"}, "itself posted by relayctl listen"),
        ("stripe", {}, {"stripe": "s"}, "relay.toml here has no such route"),
        ("github", {}, {}, "give the secret that it has here: --secret github="),
        ("discord", {}, {"discord": "s"}, "only the sender has the private key"),
    ],
)
def test_what_is_not_posted_is_said(
    config: Config, route: str, headers: dict[str, str], secrets: dict[str, str], says: str
) -> None:
    each = webhook("a", headers=headers)
    with pytest.raises(NotPosted, match=says):
        Target("http://127.0.0.1:8080", config, secrets).sign(
            ArchivedWebhook(route, each.webhook_id, each.received_at, "", each.request)
        )

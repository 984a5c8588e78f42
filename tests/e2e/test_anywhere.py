"""The same tests for any relay with the shipped relay.toml: `make e2e RELAY_URL=https://…`, else the local AWS.

The secrets are read from Secrets Manager, with the credentials of the environment. Events are put for the sources and
the customers of the samples: on AWS those have to exist, or their entries are dead-lettered or unsubscribed, which is
an answer too.
"""

import gzip
import json
import os
import time
from dataclasses import dataclass, replace

import boto3
import httpx
import pytest

from relay.config import stage_names
from relay_local import samples
from relay_local.samples import Sample

RELAY_URL = os.environ.get("RELAY_URL", "")


@dataclass(frozen=True)
class Anywhere:
    """Where the relay is, and its samples with the secrets it has."""

    url: str
    samples: dict[str, Sample]

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Post as the SaaS does."""
        return httpx.post(self.url + path, content=body, headers=headers, timeout=60)


@pytest.fixture(scope="session")
def anywhere(request: pytest.FixtureRequest) -> Anywhere:
    listed = samples.load()
    if not RELAY_URL:
        relay = request.getfixturevalue("relay")
        return Anywhere(relay.url, {one.path: one for one in listed})
    client = boto3.client("secretsmanager")
    prefix = stage_names.secret_prefix(os.environ.get("RELAY_STAGE", stage_names.PRODUCTION))
    values = {one.path: client.get_secret_value(SecretId=prefix + one.secret_name)["SecretString"] for one in listed}
    return Anywhere(RELAY_URL.rstrip("/"), {one.path: replace(one, secret=values[one.path]) for one in listed})


@pytest.fixture(autouse=True)
def empty_queues(request: pytest.FixtureRequest) -> None:
    """No test sees what another has left, where we can look."""
    if not RELAY_URL:
        relay = request.getfixturevalue("relay")
        relay.received()
        relay.dead_letters()


@pytest.mark.parametrize("path", ["/github", "/stripe", "/shopify", "/orders"])
def test_every_entry_of_a_sample_is_accounted_for(anywhere: Anywhere, path: str) -> None:
    sample = anywhere.samples[path]
    answer = anywhere.post(path, sample.body, sample.signed())
    assert answer.status_code == 202, answer.text
    told = answer.json()
    places = sum(number for place, number in told.items() if place != "entries")
    assert places == len(told["entries"]) == (46 if path == "/orders" else sample.events)


def test_what_is_not_authentic_is_refused_in_one_form(anywhere: Anywhere) -> None:
    sample = anywhere.samples["/orders"]
    signed, stale = sample.signed(), str(int(time.time()) - 301)
    answers = [
        anywhere.post("/orders", sample.body + b" ", signed),
        anywhere.post("/orders", sample.body, sample.headers),
        anywhere.post("/orders", sample.body, signed | {"webhook-timestamp": stale}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "The webhook could not be authenticated."


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/nowhere", 404), ("GET", "/github", 405), ("GET", "/", 404)]
)
def test_no_such_route_or_method(anywhere: Anywhere, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, anywhere.url + path, timeout=60)
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_a_body_that_is_not_json_or_too_large(anywhere: Anywhere) -> None:
    sample = anywhere.samples["/orders"]
    assert anywhere.post("/orders", b"{", sample.signed(b"{")).status_code == 400
    assert anywhere.post("/orders", b"x" * (1024 * 1024 + 1), sample.headers).status_code == 413


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", ""])
def test_a_compressed_body_arrives_as_it_was_signed(anywhere: Anywhere, content_type: str) -> None:
    sample = anywhere.samples["/github"]
    body = gzip.compress(sample.body)
    headers = sample.signed(body) | {"content-type": content_type, "content-encoding": "gzip"}
    answer = anywhere.post("/github", body, headers)
    assert answer.status_code == 202, answer.text
    assert anywhere.post("/github", body, headers | {"content-encoding": "br"}).status_code == 415


def test_exact_bytes_are_verified_whatever_their_type(anywhere: Anywhere) -> None:
    sample = anywhere.samples["/orders"]
    body = json.dumps({"events": []}, indent=3).encode() + b"\n"
    for content_type in ("application/json", "application/octet-stream", "text/plain", ""):
        headers = sample.signed(body) | {"content-type": content_type}
        assert anywhere.post("/orders", body, headers).status_code == 202

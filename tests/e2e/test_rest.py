"""The other front: a REST API with the same handler behind it."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from relay_local.session import Session
from tests.e2e.fronts import deployed_behind, post_samples, refusals


@pytest.fixture(scope="module")
def rest() -> Iterator[tuple[Session, str]]:
    with deployed_behind("rest") as found:
        yield found


def test_every_sample_reaches_the_customer(rest: tuple[Session, str]) -> None:
    session, url = rest
    assert post_samples(session, url) == 47


def test_what_is_refused_is_refused_in_the_same_form(rest: tuple[Session, str]) -> None:
    session, url = rest
    answers = refusals(session, url)
    assert [answer.status_code for answer in answers] == [401, 404, 405]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert answers[2].headers["allow"] == "POST"
    assert json.loads(answers[0].text)["detail"] == "The webhook could not be authenticated."


def test_a_compressed_body_is_decoded_before_the_relay_sees_it(rest: tuple[Session, str]) -> None:
    session, url = rest
    sample = next(one for one in session.samples if one.path == "/github")
    compressed = gzip.compress(sample.body)
    answers = [
        httpx.post(
            f"{url}/github", content=body, headers={**sample.signed(signed), "content-encoding": name}, timeout=60
        )
        for body, signed, name in (
            (compressed, sample.body, "gzip"),  # as if the sender signed the decoded body
            (compressed, compressed, "gzip"),
            (compressed, compressed, "br"),
        )
    ]
    assert [answer.status_code for answer in answers] == [202, 401, 415]

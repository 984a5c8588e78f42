"""The other front: a REST API with the same handler behind it."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from local import proxy
from local.session import Session, start_session


@pytest.fixture(scope="module")
def rest() -> Iterator[tuple[Session, str]]:
    with (
        start_session(lambda _: None, front="rest") as session,
        proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url,
    ):
        yield session, url


def test_every_sample_reaches_the_customer(rest: tuple[Session, str]) -> None:
    session, url = rest
    for sample in session.samples:
        answer = httpx.post(url + sample.path, content=sample.body, headers=sample.signed(), timeout=60)
        assert (answer.status_code, answer.json()["accepted"]) == (202, sample.events), answer.text
    assert len(list(session.customer.received())) == 47


def test_what_is_refused_is_refused_in_the_same_form(rest: tuple[Session, str]) -> None:
    session, url = rest
    sample = next(one for one in session.samples if one.path == "/github")
    answers = [
        httpx.post(f"{url}/github", content=sample.body + b" ", headers=sample.signed(), timeout=60),
        httpx.post(f"{url}/nowhere", content=b"{}", timeout=60),
        httpx.get(f"{url}/github", timeout=60),
    ]
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

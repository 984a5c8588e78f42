"""The front without an API: the URL of the function, with the same handler behind it."""

from collections.abc import Iterator

import httpx
import pytest

from local import proxy
from local.process import PARTNER
from local.session import Session, start_session


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Session, str]]:
    with (
        start_session(lambda _: None, front="url") as session,
        proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url,
    ):
        yield session, url


def test_every_sample_reaches_the_customer_without_an_api(deployed: tuple[Session, str]) -> None:
    session, url = deployed
    gateway = session.aws.client("apigatewayv2", PARTNER, session.stack.region)
    control = session.stack.outputs["ControlUrl"]
    assert all(api["ApiId"] in control for api in gateway.get_apis()["Items"])  # the control API alone has one
    for sample in session.samples:
        answer = httpx.post(url + sample.path, content=sample.body, headers=sample.signed(), timeout=60)
        assert (answer.status_code, answer.json()["accepted"]) == (202, sample.events), answer.text
    assert len(list(session.customer.received())) == 47


def test_what_is_not_signed_is_refused_by_the_function_itself(deployed: tuple[Session, str]) -> None:
    session, url = deployed
    sample = next(one for one in session.samples if one.path == "/github")
    answers = [
        httpx.post(f"{url}/github", content=sample.body + b" ", headers=sample.signed(), timeout=60),
        httpx.post(f"{url}/nowhere", content=b"{}", timeout=60),
        httpx.get(f"{url}/github", timeout=60),
    ]
    assert [answer.status_code for answer in answers] == [401, 404, 405]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert answers[0].json()["request_id"]
    assert list(session.customer.received()) == []

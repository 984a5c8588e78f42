"""The front without an API: the URL of the function, with the same handler behind it."""

from collections.abc import Iterator

import pytest

from relay_local.process import PARTNER
from relay_local.session import Session
from tests.e2e.fronts import deployed_behind, post_samples, refusals


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Session, str]]:
    with deployed_behind("url") as found:
        yield found


def test_every_sample_reaches_the_customer_without_an_api(deployed: tuple[Session, str]) -> None:
    session, url = deployed
    gateway = session.aws.client("apigatewayv2", PARTNER, session.stack.region)
    control = session.stack.outputs["ControlUrl"]
    assert all(api["ApiId"] in control for api in gateway.get_apis()["Items"])  # the control API alone has one
    assert post_samples(session, url) == 47


def test_what_is_not_signed_is_refused_by_the_function_itself(deployed: tuple[Session, str]) -> None:
    session, url = deployed
    answers = refusals(session, url)
    assert [answer.status_code for answer in answers] == [401, 404, 405]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert answers[0].json()["request_id"]
    assert list(session.customer.received()) == []

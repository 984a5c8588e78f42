"""A relay behind one of its fronts, deployed; what every front has in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from relay_local import proxy
from relay_local.session import Session, start_session


@contextmanager
def deployed_behind(front: str) -> Iterator[tuple[Session, str]]:
    """Deploy a relay behind a front until the block ends; yield it, and the URL before its routes' paths."""
    with (
        start_session(lambda _: None, front=front) as session,
        proxy.serve(proxy.webhook_proxy(session.aws, session.stack), 0) as url,
    ):
        yield session, url


def post_samples(session: Session, url: str) -> int:
    """Post each sample as its sender does; return how many events the customer has received."""
    for sample in session.samples:
        answer = httpx.post(url + sample.path, content=sample.body, headers=sample.signed(), timeout=60)
        assert (answer.status_code, answer.json()["accepted"]) == (202, sample.events), answer.text
    return len(list(session.customer.received()))


def refusals(session: Session, url: str) -> list[httpx.Response]:
    """Return the answers to another body than the one that was signed, to another path, and to another method."""
    sample = next(one for one in session.samples if one.path == "/github")
    return [
        httpx.post(f"{url}/github", content=sample.body + b" ", headers=sample.signed(), timeout=60),
        httpx.post(f"{url}/nowhere", content=b"{}", timeout=60),
        httpx.get(f"{url}/github", timeout=60),
    ]

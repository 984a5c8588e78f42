"""What may authenticate somebody is not archived, whichever scheme the route has."""

import pytest

from relay.archive.privacy import without_credentials
from relay.auth.redaction import MARKER
from relay.http.request import Request
from tests.conftest import Load
from tests.unit.pipeline.customers_world import TOML

NAMES = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "apikey",
    "x-amz-security-token",
    "x-hub-signature-256",
    "x-session-id",
    "client-secret",
    "password",
]


def request(headers: dict[str, str], query: str = "") -> Request:
    return Request("POST", "/orders", query, headers, b"{}", "r")


@pytest.mark.parametrize("name", NAMES)
def test_a_header_or_a_parameter_that_may_authenticate_somebody_is_not_archived(load: Load, name: str) -> None:
    route = load(TOML).routes[0]
    kept = without_credentials(request({name: "S3CRET", "x-event": "push"}, f"a=1&{name}=S3CRET&b"), route)
    assert kept.headers == {name: MARKER, "x-event": "push"}
    assert kept.query == f"a=1&{name}={MARKER}&b"


def test_what_a_template_reads_is_kept_because_a_replay_needs_it(load: Load) -> None:
    toml = TOML.replace('detail = "${item}"', 'detail = "${ {s: headers.x_session_id, t: query.token_type} }"')
    route = load(toml).routes[0]
    given = request({"x-session-id": "1", "x-token": "2"}, "token_type=3&token=4")
    kept = without_credentials(given, route)
    assert (kept.headers, kept.query) == ({"x-session-id": "1", "x-token": MARKER}, f"token_type=3&token={MARKER}")


def test_the_name_of_a_parameter_may_be_spelled_otherwise(load: Load) -> None:
    route = load(TOML).routes[0]
    assert "S3CRET" not in without_credentials(request({}, "acc%65ss_token=S3CRET"), route).query

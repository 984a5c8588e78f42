"""Whatever a stranger sends to the customer's page, it is answered, and changes nothing."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relay.destinations import items
from relay.handover.render import Form, render
from tests.unit.control.world import World
from tests.unit.destinations.destinations import ACTIVE, destination
from tests.unit.page.browser import Site, event

TEXT = st.text(st.characters(), max_size=40)
PATHS = st.one_of(
    TEXT,
    st.lists(
        st.sampled_from(["page", "v1", "session", "destinations", "prod", "ping", "..", "", "%2e"]), max_size=6
    ).map(lambda parts: f"/{'/'.join(parts)}"),
    st.sampled_from(["/page/v1/session", "/page/v1/settings", "/page/v1/destinations/prod"]),
)
NUMBERS = st.integers(min_value=4300, max_value=5000).map(lambda digits: "1" * digits)
BODIES = st.one_of(
    st.none(),
    TEXT,
    NUMBERS,
    st.recursive(st.none() | TEXT, st.lists, max_leaves=5).map(lambda token: json.dumps({"token": token})),
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "Authorization", "cookie", "if-match"]),
    st.one_of(TEXT, st.sampled_from(["application/json", "Bearer a.b.c", "Bearer "])),
)
TIMES = st.one_of(
    st.datetimes(timezones=st.timezones()).map(str),
    st.sampled_from(["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]),
)
WANTED = st.fixed_dictionaries(
    {"aws_account_id": st.just("222222222222"), "aws_region": st.just("us-east-1")},
    optional={
        "detail_types": st.lists(st.text(st.characters(), max_size=130), max_size=3),
        "description": st.text(st.characters(), max_size=260),
    },
)
OPERATIONS = st.sampled_from(["prod", "new", "prod/release", "prod/ping", "prod/pause", "prod/resume", "prod/handover"])
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])


@given(METHODS, PATHS, BODIES, HEADERS, st.booleans())
def test_a_stranger_is_answered_and_changes_nothing(
    method: str, path: str, body: str | None, headers: dict[str, Any], is_base64: bool
) -> None:
    world = World(destination())
    site = Site(world)
    answer = site.server.answer(event(method, path, body, "", headers) | {"isBase64Encoded": is_base64}, None)
    expected = {200} if (method, path) == ("GET", "/page") else {401, 404, 413, 415, 422}
    assert answer["statusCode"] in expected
    assert answer["headers"]["Content-Security-Policy"]
    assert isinstance(answer["body"], str)
    assert (world.rows, world.audit, site.audit) == ({("c42", "prod"): destination()}, [], [])


@given(
    METHODS, OPERATIONS, st.one_of(BODIES, WANTED.map(json.dumps), TIMES.map(lambda time: json.dumps({"since": time})))
)
def test_whatever_a_customer_sends_is_no_failure_of_ours_and_can_be_stored_and_handed_over(
    method: str, operation: str, body: str | None
) -> None:
    world = World(destination(state=ACTIVE))
    site = Site(world)
    status, *_ = site.request(method, f"/page/v1/destinations/{operation}", body, token=site.open_session())
    assert status < 500
    for found in world.rows.values():
        assert items.destinations([items.configuration_item(found), items.state_item(found)]) == [found]
        for form in Form:
            assert render(found, form).isascii()

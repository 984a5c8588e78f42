"""Whatever a stranger sends to the customer's page, it is answered, and changes nothing."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.control.world import World
from tests.unit.destinations.destinations import destination
from tests.unit.page.browser import Site, event

TEXT = st.text(st.characters(), max_size=40)
PATHS = st.one_of(
    TEXT,
    st.lists(
        st.sampled_from(["page", "v1", "session", "destinations", "prod", "ping", "..", "", "%2e"]), max_size=6
    ).map(lambda parts: f"/{'/'.join(parts)}"),
    st.sampled_from(["/page/v1/session", "/page/v1/settings", "/page/v1/destinations/prod"]),
)
BODIES = st.one_of(
    st.none(),
    TEXT,
    st.recursive(st.none() | TEXT, st.lists, max_leaves=5).map(lambda token: json.dumps({"token": token})),
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "Authorization", "cookie", "if-match"]),
    st.one_of(TEXT, st.sampled_from(["application/json", "Bearer a.b.c", "Bearer "])),
)
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

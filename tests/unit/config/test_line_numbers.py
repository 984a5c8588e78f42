"""A mistake is shown with the line it stands on."""

import pytest

from relay.config.line_numbers import line_of

TEXT = '''# a comment with [[route]] in it
partner = "aws.partner/acme.example"
[[route]]
name = "a"   # path = "not here"
auth = { scheme = "hmac", secret = "x = y" }
event.source = "dotted"
note = """
name = "inside a text"
"""
[[route]]
name = "b"
[route.event]
source = "s"
[[route.handshake]]
when = "1"
[[route.handshake]]
text = "2"
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("partner",), 2),
        (("route", 0), 3),
        (("route", 0, "name"), 4),
        (("route", 0, "path"), 3),
        (("route", 0, "auth"), 5),
        (("route", 0, "auth", "secret"), 5),
        (("route", 0, "auth", "x"), 5),
        (("route", 0, "event", "source"), 6),
        (("route", 1, "name"), 11),
        (("route", 1, "event", "source"), 13),
        (("route", 1, "event", "missing"), 12),
        (("route", 1, "handshake", 0, "when"), 15),
        (("route", 1, "handshake", 1, "text"), 17),
        (("route", 1, "handshake", 1, "when"), 16),
        (("regions",), 1),
    ],
)
def test_the_line_of_a_key_or_of_the_table_it_is_missing_from(place: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, place) == line

"""Whatever a stranger sends as a token of the customer's page, it is refused with one error; what is signed is read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.control.grant import Grant, Scope
from relay.control.page_tokens import LINK, SESSION, TokenError, read, sign

KEY = "k" * 32
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GRANTS = st.builds(
    Grant,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True),
    st.sampled_from(Scope),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128),
    st.sampled_from(["", f"https://app.acme.example/{'a' * 1000}"]),
)
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ é\ud800"


@given(GRANTS, st.sampled_from([LINK, SESSION]))
def test_every_grant_that_the_control_api_takes_comes_back(grant: Grant, kind: object) -> None:
    assert isinstance(kind, type(LINK))
    token, expires_at = sign(grant, kind, [KEY], NOW)
    assert read(token, kind, ["x" * 32, KEY], NOW) == (grant, NOW, expires_at)


@given(st.data())
def test_a_token_of_which_any_character_is_another_is_refused(data: st.DataObject) -> None:
    token, _ = sign(Grant("c42", Scope.READ, "ada"), SESSION, [KEY], NOW)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(CHARACTERS).filter(lambda character: character != token[place]))
    with pytest.raises(TokenError):
        read(token[:place] + other + token[place + 1 :], SESSION, [KEY], NOW)


@given(st.one_of(st.text(), st.text(CHARACTERS), st.from_regex(r"[\w-]{1,50}\.[\w-]{1,90}\.[A-Za-z0-9_-]{42}A")))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        read(text, SESSION, [KEY], NOW)

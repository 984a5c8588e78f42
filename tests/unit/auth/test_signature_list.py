"""The text in which a sender sends its signatures: one, or a list of them, with or without labels."""

import pytest

from relay.auth.signature_list import SignatureList
from relay.errors import Unauthorized

STRIPE = SignatureList(list_separator=",", pair_separator="=", pair_key="v1")
PAIRS_WITH_COMMA = SignatureList(list_separator=" ", pair_separator=",", pair_key="v1")  # Standard Webhooks
PREFIXED = SignatureList(prefix="sha256=")


def test_a_signature_without_a_list_is_the_text_after_its_prefix() -> None:
    assert PREFIXED.parse("sha256=abc") == ([b"abc"], {})
    assert PREFIXED.parse("sha1=abc") == ([], {})
    assert PREFIXED.parse("sha256=") == ([], {})


def test_only_signatures_with_the_key_are_compared_and_other_pairs_are_values() -> None:
    assert STRIPE.parse("t=17,v1=a,v0=b,v1=c") == ([b"a", b"c"], {"t": "17", "v0": "b"})


def test_a_value_that_comes_twice_is_none() -> None:
    assert STRIPE.parse("t=17,v1=a,t=18") == ([b"a"], {})


def test_the_signatures_own_key_and_an_empty_one_are_no_values() -> None:
    assert STRIPE.parse("v1=a,=b,c") == ([b"a"], {"c": ""})


@pytest.mark.parametrize("text", ["v1,a v1,a", "v1,a v1,a,v1,b", "v1,a,b", "a,"])
def test_what_a_gateway_joins_from_a_repeated_header_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized, match="repeated header"):
        PAIRS_WITH_COMMA.parse(text)


@pytest.mark.parametrize("text", ["v1,", ",a"])
def test_a_comma_beside_nothing_is_the_gateways(text: str) -> None:
    with pytest.raises(Unauthorized, match="a comma inside"):
        PAIRS_WITH_COMMA.parse(text)


def test_a_comma_in_the_prefix_is_the_senders() -> None:
    assert SignatureList(prefix="v1,").parse("v1,abc") == ([b"abc"], {})
    with pytest.raises(Unauthorized, match="a comma inside"):
        SignatureList(prefix="v1,").parse("v1,abc,v1,def")


@pytest.mark.parametrize(("text", "reason"), [("a" * 8193, "too long"), (",".join("x" * 33), "too many")])
def test_a_text_is_bounded_before_it_is_compared(text: str, reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason):
        STRIPE.parse(text)


def test_the_longest_text_and_list_are_read() -> None:
    assert PREFIXED.parse("sha256=" + "a" * 8185)[0] == [b"a" * 8185]
    assert len(STRIPE.parse(",".join(f"v1={number}" for number in range(32)))[0]) == 32


def test_a_sender_writes_what_is_read() -> None:
    assert STRIPE.format("abc", [("t", "17")]) == "t=17,v1=abc"
    assert PREFIXED.format("abc", []) == "sha256=abc"

"""Names of secrets with a part from the request: a stranger chooses a customer, and never another secret."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.auth.secret_ref import SecretRef, secret_problem
from relay.errors import Unauthorized
from relay.http.request import Request

EACH = "acme/${path.customer}"


def resolve(text: str, path: Mapping[str, str], query: str = "", headers: Mapping[str, str] | None = None) -> str:
    return SecretRef.parse(text).resolve(Request("POST", "/", query, headers or {}, b"", ""), path)


@pytest.mark.parametrize("customer", ["c1", "C-1", "a.b_c@d", "0", "x" * 128])
def test_a_customer_has_a_secret_under_the_fixed_beginning(customer: str) -> None:
    assert resolve(EACH, {"customer": customer}) == f"acme/{customer}"
    assert SecretRef.parse(EACH).prefix == "acme/"


@pytest.mark.parametrize(
    "customer",
    [
        "",
        ".",
        "..",
        ".a",
        "-a",
        "_a",
        "@a",
        "a/b",
        "../b",
        "a*",
        "a?",
        "a b",
        "a\n",
        "a\x00",
        "a:b",
        "a+b",
        "a=b",
        "é",
        "٣",
        "%2e",
        "a%2Fb",
        "x" * 129,
        "a\u2028",
    ],
)
def test_a_part_of_which_another_name_could_be_made_is_refused(customer: str) -> None:
    with pytest.raises(Unauthorized, match="no part of a secret's name"):
        resolve(EACH, {"customer": customer})


def test_a_part_may_be_a_parameter_or_a_header_and_has_to_be_there() -> None:
    assert resolve("acme/${query.tenant}", {}, query="tenant=c1") == "acme/c1"
    assert resolve("acme/${headers.x_tenant}", {}, headers={"x-tenant": "c1"}) == "acme/c1"
    for text in ("acme/${query.tenant}", "acme/${headers.x_tenant}", EACH):
        with pytest.raises(Unauthorized):
            resolve(text, {})
    with pytest.raises(Unauthorized, match="no part of a secret's name"):
        resolve("acme/${length(path.customer)}", {"customer": "c1"})
    with pytest.raises(Unauthorized, match="the secret's name"):
        resolve("acme/${length(query.none)}", {})


def test_a_fixed_name_is_the_name() -> None:
    assert resolve("acme/orders", {"customer": "c1"}) == "acme/orders"


@given(customer=st.text(max_size=12), other=st.text(max_size=12))
def test_two_customers_never_have_one_name(customer: str, other: str) -> None:
    names = []
    for one in (customer, other):
        try:
            names.append(resolve("acme/${path.customer}/key", {"customer": one}))
        except Unauthorized:
            return
    assert (names[0] == names[1]) == (customer == other)
    assert all(name.startswith("acme/") and name.endswith("/key") and name.count("/") == 2 for name in names)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("acme/orders", True),
        ("a", True),
        ("x" * 512, True),
        ("x" * 513, False),
        ("arn:aws:secretsmanager:us-east-1:333333333333:secret:stripe-AbCdEf", True),
        ("ssm:/acme/github", True),
        ("ssm:acme", False),
        ("", False),
        ("acme orders", False),
        ("acme/orders\n", False),
        (EACH, True),
        ("ssm:/acme/${path.customer}", True),
        ("acme/${path.customer}/key", True),
        ("${path.customer}", False),
        ("acme-${path.customer}", False),
        ("/${path.customer}", False),
        ("arn:aws:secretsmanager:us-east-1:333333333333:secret:acme/${path.customer}", False),
        ("acme/${body.customer}", False),
        ("acme/${path.", False),
    ],
)
def test_a_name_is_one_of_secrets_manager_or_parameter_store(text: str, good: bool) -> None:
    assert (secret_problem(text) is None) == good


def test_what_a_name_depends_on_is_known() -> None:
    assert SecretRef.parse("acme/${path.customer}/${query.a}").expressions() == ["path.customer", "query.a"]
    assert SecretRef.parse("acme/orders").expressions() == []


@pytest.mark.parametrize(
    ("text", "other", "overlaps"),
    [
        ("acme/a", "acme/a", True),
        ("acme/a", "acme/b", False),
        (EACH, "acme/a", True),
        ("acme/a", EACH, True),
        (EACH, "acme/a/b", False),
        (EACH, "acmeX", False),
        (EACH, "acme/vip/${path.customer}", True),
        (EACH, "other/${path.customer}", False),
        ("acme/${path.a}.b/c", "acme/xYb/c", False),  # a literal dot is no wildcard
    ],
)
def test_two_names_overlap_if_one_secret_can_have_both(text: str, other: str, overlaps: bool) -> None:
    assert SecretRef.parse(text).overlaps(SecretRef.parse(other)) is overlaps


@pytest.mark.parametrize(
    ("text", "in_dev"),
    [
        ("acme/a", "dev/acme/a"),
        ("x" * 512, "dev/" + "x" * 512),
        ("ssm:/acme/a", "ssm:/dev/acme/a"),
        ("ssm:/acme/${path.customer}", "ssm:/dev/acme/${path.customer}"),
        (
            "arn:aws:secretsmanager:us-east-1:333333333333:secret:a",
            "arn:aws:secretsmanager:us-east-1:333333333333:secret:a",
        ),
    ],
)
def test_a_stage_keeps_a_secret_under_its_own_prefix(text: str, in_dev: str) -> None:
    ref = SecretRef.parse(text).in_stage("dev/")
    request = Request("POST", "/", "", {}, b"", "")
    assert ref.text == in_dev
    assert ref.resolve(request, {"customer": "c1"}) == in_dev.replace("${path.customer}", "c1")

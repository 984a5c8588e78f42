"""Which route a request is for."""

from dataclasses import dataclass

import pytest

from relay.errors import MethodNotAllowed, NotFound
from relay.http import routing


@dataclass
class Route:
    path: str
    methods: frozenset[str] = frozenset({"POST"})


ROUTES = [Route("/orders/{customer}"), Route("/orders/special"), Route("/{tenant}/hooks/{id}"), Route("/github")]


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/github", "/github", {}),
        ("/orders/c42", "/orders/{customer}", {"customer": "c42"}),
        ("/orders/c%2042", "/orders/{customer}", {"customer": "c 42"}),
        ("/orders/special", "/orders/special", {}),
        ("/acme/hooks/7", "/{tenant}/hooks/{id}", {"tenant": "acme", "id": "7"}),
    ],
)
def test_a_path_finds_its_route_and_parameters(path: str, route: str, parameters: dict[str, str]) -> None:
    assert routing.match_route(ROUTES, "POST", path) == (Route(route), parameters)


@pytest.mark.parametrize(
    "path", ["/", "", "/orders", "/orders/", "/orders/a/b", "/orders/a%2Fb", "/githubs", "/GitHub"]
)
def test_another_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        routing.match_route(ROUTES, "POST", path)


def test_another_method_is_told_which_one_is_allowed() -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        routing.match_route(ROUTES, "GET", "/github")
    assert refused.value.headers == {"allow": "POST"}


@pytest.mark.parametrize("path", ["github", "/a//b", "/a/", "/{a}/{a}", "/{a", "/a b", "/{a}b", "/{1}", "/é"])
def test_a_path_that_no_route_can_have_is_named_as_such(path: str) -> None:
    assert "expected" in (routing.path_problem(path) or "")


@pytest.mark.parametrize("path", ["/a", "/a/{b}", "/{a}/{b}/v1.0", "/a-b_c~d"])
def test_a_good_path_has_no_problem(path: str) -> None:
    assert routing.path_problem(path) is None

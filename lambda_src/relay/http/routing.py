"""Which route a request is for: path templates with parameters, as API Gateway writes them (`/orders/{customer}`)."""

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar
from urllib.parse import unquote

from relay.errors import MethodNotAllowed, NotFound

NO_ROUTE = "No route has this path."
_SEGMENT = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9._~-]+")


class _Routed(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def methods(self) -> frozenset[str]: ...


R = TypeVar("R", bound=_Routed)


def path_problem(path: str) -> str | None:
    """What was expected of a route's path that `path` is not, or None."""
    segments = path.split("/")[1:]
    if not path.startswith("/") or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return 'expected "/" and segments of letters, digits and ._~- or of one {parameter}'
    names = [segment for segment in segments if segment.startswith("{")]
    if len(set(names)) != len(names):
        return "expected parameters of different names"
    return None


def shape(path: str) -> str:
    """`path` without its parameters' names: two routes with one shape answer the same requests."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def match_route(routes: Iterable[R], method: str, path: str) -> tuple[R, dict[str, str]]:
    """The route and its path parameters, decoded. A literal segment wins over a parameter, from the left.

    Raises NotFound if no route has this path, MethodNotAllowed if one has, for other methods.
    """
    # HTTP APIs decode every escape of the path but %25, REST APIs and Function URLs none: one decoding fits both.
    # It comes after the split, so that an escaped slash never makes a parameter that spans two segments.
    as_long = [route for route in routes if route.path.count("/") == path.count("/")]
    actual = [unquote(segment) for segment in path.split("/")] if as_long else []
    found = [(route, values) for route in as_long if (values := _parameters(route.path, actual)) is not None]
    if not found:
        raise NotFound(NO_ROUTE)
    route, parameters = min(found, key=lambda one: [segment.startswith("{") for segment in one[0].path.split("/")])
    if method not in route.methods:
        raise MethodNotAllowed(method, ", ".join(sorted(route.methods)))
    return route, parameters


def _parameters(template: str, actual: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for segment, value in zip(template.split("/"), actual, strict=True):
        if segment.startswith("{") and value and "/" not in value:
            values[segment[1:-1]] = value
        elif segment != value:
            return None
    return values

"""Match a path with the routes' templates, which are written as in API Gateway: `/orders/{customer}`."""

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar
from urllib.parse import unquote

from relay.errors import MethodNotAllowed, NotFound

NO_ROUTE = "No route matches this path."
_SEGMENT = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9._~-]+")


class _Routed(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def methods(self) -> frozenset[str]: ...


R = TypeVar("R", bound=_Routed)


def path_problem(path: str) -> str | None:
    """Return what is wrong if `path` cannot be a route's path, else None."""
    segments = path.split("/")[1:]
    if not path.startswith("/") or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return 'expected "/" and segments of letters, digits and ._~- or of one {parameter}'
    names = [segment for segment in segments if segment.startswith("{")]
    if len(set(names)) != len(names):
        return "expected parameters of different names"
    return None


def shape(path: str) -> str:
    """Return `path` without the names of its parameters: two routes of the same shape match the same requests."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def match_route(routes: Iterable[R], method: str, path: str) -> tuple[R, dict[str, str]]:
    """Return the route and its path parameters, decoded. A literal segment wins over a parameter, from the left.

    Raise NotFound if no route matches the path, MethodNotAllowed if one does, but for other methods.
    """
    # HTTP APIs decode every escape of the path but %25, REST APIs and Function URLs none: one decoding fits both.
    # It comes after the split, so that an escaped slash never makes a parameter that spans two segments.
    candidates = [route for route in routes if route.path.count("/") == path.count("/")]
    segments = [unquote(segment) for segment in path.split("/")] if candidates else []
    matches = [(route, values) for route in candidates if (values := _parameters(route.path, segments)) is not None]
    if not matches:
        raise NotFound(NO_ROUTE)
    route, parameters = min(matches, key=lambda match: [part.startswith("{") for part in match[0].path.split("/")])
    if method not in route.methods:
        raise MethodNotAllowed(method, ", ".join(sorted(route.methods)))
    return route, parameters


def _parameters(template: str, segments: list[str]) -> dict[str, str] | None:
    """Return the values of the template's parameters, or None if the segments do not match it."""
    values: dict[str, str] = {}
    for segment, value in zip(template.split("/"), segments, strict=True):
        if segment.startswith("{") and value and "/" not in value:
            values[segment[1:-1]] = value
        elif segment != value:
            return None
    return values

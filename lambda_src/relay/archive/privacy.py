"""What of a request is not archived: whatever may authenticate somebody, whether or not the route proves by it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote_plus

from relay.auth.redaction import MARKER
from relay.config.route import Route
from relay.http.request import Request

CREDENTIAL = re.compile(
    r"auth|cookie|token|secret|signature|passw|credential|session|api[-_]?key|access[-_]?key|^(key|sig|code|hmac)$",
    re.IGNORECASE,
)
"""Names of headers and of parameters whose values are not archived, unless a template of the route reads them."""


def without_credentials(request: Request, route: Route) -> Request:
    """Return the request as it is archived: with a marker for what may authenticate somebody."""
    headers_read, query_read = _names_read(route)
    headers = {name: MARKER if _is_secret(name, headers_read) else value for name, value in request.headers.items()}
    pairs = (pair.partition("=") for pair in request.query.split("&")) if request.query else ()
    query = "&".join(
        f"{name}={MARKER}" if sign and _is_secret(unquote_plus(name), query_read) else f"{name}{sign}{value}"
        for name, sign, value in pairs
    )
    return replace(request, headers=headers, query=query)


def _is_secret(name: str, names_read: Iterable[str]) -> bool:
    return CREDENTIAL.search(name) is not None and name.replace("-", "_") not in names_read


_names: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}


def _names_read(route: Route) -> tuple[frozenset[str], frozenset[str]]:
    """Return the headers and the parameters that templates of the route read, which are found once for each route."""
    templates = [template for template in route.templates().values() if template]
    key = tuple(template.text for template in templates)
    if key not in _names:
        paths = [path for template in templates for path in template.paths() if len(path) > 1]
        headers = frozenset(path[1] for path in paths if path[0] == "headers")
        _names[key] = headers, frozenset(path[1].replace("-", "_") for path in paths if path[0] == "query")
    return _names[key]

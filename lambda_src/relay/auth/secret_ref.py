"""The name of a secret, fixed or with a part from the request: a secret for each customer (`acme/${path.customer}`)."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Placeholder, Template, TemplateError, compile_template, literal_prefix

SSM = "ssm:"
"""Begins the name of a secret that is in Parameter Store."""

_NAMES = ("path", "query", "headers")
# Secrets Manager: a name or an ARN; Parameter Store: the path of a SecureString.
_FIXED = r"arn:[A-Za-z0-9/_+=.@:-]+|ssm:/[A-Za-z0-9/_.-]+|[A-Za-z0-9/_+=.@-]{1,512}"
_PREFIX = r"(ssm:/)?[A-Za-z0-9_+=.@-][A-Za-z0-9/_+=.@-]*/"
# What a stranger may choose: one segment, of which no other name can be made.
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}")


def problem(text: str) -> str | None:
    """What was expected of the name of a secret that `text` is not, or None."""
    if not is_template(text):
        return None if re.fullmatch(_FIXED, text) else 'expected a Secrets Manager id or "ssm:/parameter"'
    try:
        template = _compiled(text)
    except TemplateError as error:
        return str(error)
    prefix, _ = literal_prefix(template)
    if not all(_separates(one) for one in _between(template)):
        return 'expected a "/" between what the request gives, or two customers could have one name'
    return (
        None
        if re.fullmatch(_PREFIX, prefix)
        else 'expected a fixed beginning with a slash, such as "acme/${path.customer}"'
    )


def is_template(text: str) -> bool:
    """Whether a part of the name comes from the request."""
    return "${" in text


def in_stage(name: str, prefix: str) -> str:
    """Return the name under which a stage keeps the secret: `prefix` and `name`; an ARN names its secret already."""
    if name.startswith(SSM):
        return f"{SSM}/{prefix}{name.removeprefix(f'{SSM}/')}"
    return name if name.startswith("arn:") else prefix + name


def prefix_of(text: str) -> str:
    """The fixed beginning of a name that is a template: what the function may read begins with it."""
    return literal_prefix(_compiled(text))[0]


def expressions(text: str) -> list[str]:
    """What of the request the name depends on; nothing, if it is no name."""
    return _compiled(text).expressions() if is_template(text) and not problem(text) else []


def can_be(text: str, name: str) -> bool:
    """Return whether a request could make `name` of the template `text`."""
    parts = (re.escape(part) if isinstance(part, str) else f"(?:{_PART.pattern})" for part in _compiled(text).parts)
    pattern = "".join(parts)
    return re.fullmatch(pattern, name) is not None


def may_be_one(text: str, other: str) -> bool:
    """Return whether both may name one secret; of two templates it is assumed if their fixed beginnings allow it."""
    if is_template(text) and is_template(other):
        ours, theirs = prefix_of(text), prefix_of(other)
        return ours.startswith(theirs) or theirs.startswith(ours)
    if is_template(text):
        return can_be(text, other)
    return can_be(other, text) if is_template(other) else text == other


def resolve(text: str, request: Request, path: Mapping[str, str]) -> str:
    """The name, for this request. Raises Unauthorized if the request gives it no part, or one that may not be."""
    if not is_template(text):
        return text
    scope = {"path": path, "query": request.parameters, "headers": request.named_headers}
    try:
        return "".join(part if isinstance(part, str) else _part(part, scope) for part in _compiled(text).parts)
    except MappingError as error:
        raise Unauthorized(f"the secret's name: {error}") from error


def _part(placeholder: Placeholder, scope: Mapping[str, object]) -> str:
    value = placeholder.search(scope)
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise Unauthorized(f"${{{placeholder.expression}}} is no part of a secret's name")
    return value


def _between(template: Template) -> Iterator[str | Placeholder]:
    """Yield what follows each placeholder but the last."""
    last = max((place for place, part in enumerate(template.parts) if isinstance(part, Placeholder)), default=0)
    for part, following in zip(template.parts[:last], template.parts[1:], strict=False):
        if isinstance(part, Placeholder):
            yield following


def _separates(part: str | Placeholder) -> bool:
    """Return whether `part` holds a character that no part of the request may have."""
    return isinstance(part, str) and "/" in part


@cache
def _compiled(text: str) -> Template:
    return compile_template(text, _NAMES)

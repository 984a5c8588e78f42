"""The name of a secret, fixed or with a part from the request: a secret for each customer (`acme/${path.customer}`)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from relay.errors import MappingError, Unauthorized
from relay.http.request import Request
from relay.templates.template import Placeholder, Template, compile_template, literal_prefix

SSM = "ssm:"
"""Begins the name of a secret that is in Parameter Store."""

_NAMES = ("path", "query", "headers")
# Secrets Manager: a name or an ARN; Parameter Store: the path of a SecureString.
_FIXED = r"arn:[A-Za-z0-9/_+=.@:-]+|ssm:/[A-Za-z0-9/_.-]+|[A-Za-z0-9/_+=.@-]{1,512}"
_PREFIX = r"(ssm:/)?[A-Za-z0-9_+=.@-][A-Za-z0-9/_+=.@-]*/"
# The part that the request chooses: one path segment, so that it cannot leave the fixed prefix.
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A reference to a secret, as relay.toml writes it; `parse` is the way to one."""

    text: str
    template: Template = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> "SecretRef":
        """Return the reference. Raise ValueError, saying what was expected, if `text` cannot name a secret."""
        if "${" not in text:
            if not re.fullmatch(_FIXED, text):
                raise ValueError('expected a Secrets Manager id or "ssm:/parameter"')
            return cls(text, Template(text, (text,)))
        template = compile_template(text, _NAMES)
        if not all(isinstance(part, str) and "/" in part for part in _separators(template)):
            raise ValueError('expected a "/" between what the request gives, or two customers could have one name')
        if not re.fullmatch(_PREFIX, literal_prefix(template)[0]):
            raise ValueError('expected a fixed beginning with a slash, such as "acme/${path.customer}"')
        return cls(text, template)

    def __lt__(self, other: "SecretRef") -> bool:
        """Return True if this name sorts before the other."""
        return self.text < other.text

    @property
    def is_fixed(self) -> bool:
        """Return True if no part of the name comes from the request."""
        return not self.template.placeholders()

    @property
    def is_parameter(self) -> bool:
        """Return True if the secret is in Parameter Store."""
        return self.text.startswith(SSM)

    @property
    def is_arn(self) -> bool:
        """Return True if the name is an ARN, which may be of another account."""
        return self.text.startswith("arn:")

    @property
    def prefix(self) -> str:
        """Return the fixed beginning of the name: the function may read what begins with it."""
        return literal_prefix(self.template)[0]

    def expressions(self) -> list[str]:
        """Return what of the request the name depends on."""
        return self.template.expressions()

    def in_stage(self, stage_prefix: str) -> "SecretRef":
        """Return the name under which a stage keeps the secret: `dev/acme/x`; an ARN is the same in every stage."""
        if self.is_arn:
            return self
        store = f"{SSM}/" if self.is_parameter else ""
        text = f"{store}{stage_prefix}{self.text.removeprefix(store)}"
        first = f"{store}{stage_prefix}{self.prefix.removeprefix(store)}"
        return SecretRef(text, Template(text, (first, *self.template.parts[1:])))

    def can_be(self, name: str) -> bool:
        """Return True if a request could choose `name`."""
        parts = [re.escape(part) if isinstance(part, str) else f"(?:{_PART.pattern})" for part in self.template.parts]
        pattern = "".join(parts)
        return re.fullmatch(pattern, name) is not None

    def overlaps(self, other: "SecretRef") -> bool:
        """Return True if both may name one secret: of two with parts from the request, if their prefixes allow it."""
        if self.is_fixed:
            return other.can_be(self.text)
        if other.is_fixed:
            return self.can_be(other.text)
        return self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)

    def resolve(self, request: Request, path: Mapping[str, str]) -> str:
        """Return the name for this request. Raise Unauthorized if the request gives it no part, or a forbidden one."""
        values = {"path": path, "query": request.parameters, "headers": request.named_headers}
        try:
            return "".join(part if isinstance(part, str) else _part(part, values) for part in self.template.parts)
        except MappingError as error:
            raise Unauthorized(f"the secret's name: {error}") from error


def secret_problem(text: str) -> str | None:
    """Return what is wrong if `text` cannot name a secret, else None."""
    try:
        SecretRef.parse(text)
    except ValueError as error:
        return str(error)
    return None


def _part(placeholder: Placeholder, values: Mapping[str, object]) -> str:
    value = placeholder.search(values)
    if not isinstance(value, str) or not _PART.fullmatch(value):
        raise Unauthorized(f"${{{placeholder.expression}}} is no part of a secret's name")
    return value


def _separators(template: Template) -> Iterator[str | Placeholder]:
    """Yield what follows each placeholder but the last."""
    last = max((place for place, part in enumerate(template.parts) if isinstance(part, Placeholder)), default=0)
    for part, following in zip(template.parts[:last], template.parts[1:], strict=False):
        if isinstance(part, Placeholder):
            yield following

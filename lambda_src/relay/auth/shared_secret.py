"""Senders that prove themselves with a shared text, and sign nothing: the body is not authenticated.

`api-key` is the text wherever the route says; `bearer` and `basic` are the Authorization header of RFC 6750 and 7617.
"""

import base64
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.auth import scope
from relay.auth.constant_time import any_equal
from relay.auth.context import VerificationContext
from relay.auth.encodings import to_bytes
from relay.auth.kinds import BASIC, BEARER
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef
from relay.errors import BadRequest, MappingError, Unauthorized
from relay.http import body_formats
from relay.http.request import Request
from relay.templates.template import Template


@dataclass(frozen=True, slots=True)
class SharedSecretScheme(Scheme):
    """Where the text is. `secret` names the secret; for `basic` its value is `user:password`."""

    secret: SecretRef | None
    kind: str
    token: Template
    each: Template | None = None

    def verify(self, request: Request, context: VerificationContext) -> None:
        """Raise Unauthorized unless the text is one of the secrets; with `each`, in every element."""
        expected = [to_bytes(self.token_of(secret)) for secret in context.secrets if secret.strip()]
        if not expected:
            raise Unauthorized("no usable secret: it is missing or empty")
        reads_body = "body" in self.token.text or self.each is not None
        body_format = context.body_format if reads_body else ""
        values = scope.verification_scope(request, context.url(request), body_format)
        try:
            tokens = [to_bytes(self.token.render(element)) for element in scope.elements(self.each, values)]
        except MappingError as error:
            raise Unauthorized(f"token missing: {str(error).partition(';')[0]}") from error
        matches = [any_equal(expected, [token]) for token in tokens]
        if not all(matches):
            raise Unauthorized("token mismatch")

    def proof_texts(self, request: Request, body_format: str) -> frozenset[str]:
        """Return the texts that prove the request: the value of each placeholder, in each element."""
        values: dict[str, Any] = {"headers": request.named_headers, "query": request.parameters, "body": None}
        if any(path[:1] in {("body",), ("item",)} for path in self.token.paths()):
            with contextlib.suppress(BadRequest):
                values["body"] = body_formats.parse(request, body_format)[1]
        return frozenset(text for element in self._elements(values) for text in self._placeholder_texts(element))

    @property
    def proof(self) -> Template:
        """Return the template of the text."""
        return self.token

    @property
    def sends_secret(self) -> bool:
        """Return True: the text is the secret."""
        return True

    def token_of(self, secret: str) -> str:
        """Return the text that proves a request to the secret."""
        if self.kind == BEARER:
            return f"Bearer {secret}"
        if self.kind == BASIC:
            return f"Basic {base64.b64encode(to_bytes(secret)).decode()}"
        return secret

    def _elements(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            return scope.elements(self.each, values)
        except Unauthorized:
            return []

    def _placeholder_texts(self, values: Mapping[str, Any]) -> set[str]:
        texts = set()
        for part in self.token.placeholders():
            with contextlib.suppress(MappingError):
                texts.add(Template(part.expression, (part,)).render(values))
        return texts - {""}


@dataclass(frozen=True, slots=True)
class NoScheme(Scheme):
    """No authentication: only where the route itself says `scheme = "none"`."""

    def verify(self, request: Request, context: VerificationContext) -> None:
        """Accept every request."""

    @property
    def authenticates_sender(self) -> bool:
        """Return False: anybody who knows the URL is authentic."""
        return False

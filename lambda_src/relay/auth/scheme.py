"""The contract of every authentication scheme: one class for each, and nothing else asks which one it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relay.auth import coverage
from relay.auth.context import VerificationContext
from relay.auth.coverage import BODY, Path
from relay.auth.secret_ref import SecretRef
from relay.errors import Unauthorized
from relay.http.request import Request
from relay.templates.template import Template


@dataclass(frozen=True, slots=True)
class Scheme(ABC):
    """How a route's requests prove that they come from their sender. `secret` names the secret, if there is one.

    `signs_decoded` is whether the sender proves the body as it was before its Content-Encoding.
    """

    secret: SecretRef | None = field(default=None, kw_only=True)
    signs_decoded: bool = field(default=False, kw_only=True)

    @abstractmethod
    def verify(self, request: Request, context: VerificationContext) -> None:
        """Raise Unauthorized unless `request` is authentic, Unavailable if that cannot be known now."""

    def sign_text(self, text: str, secrets: Sequence[str]) -> dict[str, str]:  # noqa: ARG002 - for schemes that do
        """Return what proves the secret in a handshake: `hmac` of `text`, and `pair_key`. Raise Unauthorized."""
        raise Unauthorized("the scheme signs no handshake")

    def refuse_contents(self, patterns: tuple[str, ...]) -> "Scheme":  # noqa: ARG002 - for schemes that do
        """Return this scheme, which then refuses a request whose signed content matches one of `patterns`."""
        return self

    def confirmation_url(self, request: Request) -> str | None:  # noqa: ARG002 - for schemes that do
        """Return the URL that confirms the subscription an authentic `request` asks for. Raise Unauthorized."""
        return None

    def signed_paths(self) -> frozenset[Path]:
        """Return what of a request nobody can change and keep the proof; nothing if the scheme signs nothing."""
        return frozenset()

    def covers(self, template: Template, scope: Mapping[str, Template | None] | None = None) -> bool:
        """Return True if nobody can change the value of `template` and keep the proof.

        `scope` has the templates behind names that are made of others: `id` and `item`.
        """
        return coverage.covers(self.signed_paths(), template, scope or {})

    def proves_format(self, body_format: str) -> bool:  # noqa: ARG002 - for schemes that do
        """Return True if what the scheme proves of a body is what a reader of this format finds in it.

        A scheme that proves nothing of the body says nothing false about it.
        """
        return True

    def proof_texts(self, request: Request, body_format: str) -> frozenset[str]:  # noqa: ARG002 - for schemes that do
        """Return the secret texts that prove `request`: they are removed wherever they stand."""
        return frozenset()

    def secret_name(self, request: Request, path: Mapping[str, str]) -> str:
        """Return the name of the secret for this request, empty if the scheme has none. Raise Unauthorized."""
        return self.secret.resolve(request, path) if self.secret else ""

    @property
    def proof(self) -> Template | None:
        """Return the template that says where the proof is in a request."""
        return None

    @property
    def sends_secret(self) -> bool:
        """Return True if the proof is the secret itself, so that none of it may be stored."""
        return False

    @property
    def authenticates_sender(self) -> bool:
        """Return True unless anybody who knows the URL is authentic."""
        return True

    @property
    def authenticates_body(self) -> bool:
        """Return True if nobody who has seen one webhook can send another with a body of their own."""
        return BODY in self.signed_paths()

    @property
    def signs_request(self) -> bool:
        """Return True if the sender signs at least a part of the request."""
        return bool(self.signed_paths())

    @property
    def signs_url(self) -> bool:
        """Return True if `public_url` is needed to verify."""
        return False

    @property
    def signs_query_as_sent(self) -> bool:
        """Return True if verifying needs the query string byte for byte as the sender wrote it."""
        return False

    @property
    def signed_headers(self) -> tuple[str, ...]:
        """Return the names of the headers that are part of the signed content, in order."""
        return ()

    @property
    def can_be_extended(self) -> bool:
        """Return True if bytes can be appended to the signed content without knowing the secret."""
        return False

    @property
    def requires_cryptography(self) -> bool:
        """Return True if verifying needs more than the standard library."""
        return False

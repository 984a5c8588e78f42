"""One `[[route]]` of relay.toml: which requests it takes, what proves them, and what they become."""

from dataclasses import dataclass, fields, replace

from relay.auth import secret_ref
from relay.auth.handshake import Handshake
from relay.auth.scheme import Scheme
from relay.config.event import EventTemplate
from relay.http import body_formats
from relay.templates.template import Template

REJECT, CLAIM_CHECK = "reject", "claim-check"
# Whether the sender says that two different webhooks never have the same id.
RESOURCE, DELIVERY = "resource", "delivery"


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`."""

    name: str
    path: str
    auth: Scheme
    id: Template | None
    event: EventTemplate
    body: str = body_formats.JSON
    acknowledge: str = ""
    retry_seconds: float = 2
    dedupe: bool = False
    id_is: str = RESOURCE
    oversize: str = REJECT
    bus: str = ""
    handshakes: tuple[Handshake, ...] = ()
    verify_token: str = ""
    origins: tuple[str, ...] = ()
    enrol: bool = False
    allow_forgeable_source: bool = False
    weak: tuple[str, ...] = ()

    @property
    def methods(self) -> frozenset[str]:
        """POST for webhooks, and what the sender's handshakes use."""
        return frozenset({"POST"} | {one.method for one in self.handshakes})

    def templates(self) -> dict[str, Template | None]:
        """Return the templates that make entries, by their key in the route's table."""
        event = {f"event.{field.name}": getattr(self.event, field.name) for field in fields(self.event)}
        return {"id": self.id, **event}

    def secrets(self) -> set[str]:
        """The names of the secrets this route reads."""
        return {name for name in (self.auth.secret, self.verify_token) if name}

    def with_secret_prefix(self, prefix: str) -> "Route":
        """Return this route with its secrets named as the stage of this prefix keeps them."""
        secret = self.auth.secret
        return replace(
            self,
            auth=replace(self.auth, secret=secret_ref.in_stage(secret, prefix)) if secret else self.auth,
            verify_token=secret_ref.in_stage(self.verify_token, prefix) if self.verify_token else "",
        )

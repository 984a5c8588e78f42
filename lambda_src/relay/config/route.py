"""One `[[route]]` of relay.toml: which requests it takes, what proves them, and what they become."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from relay.auth.handshake import Handshake
from relay.auth.scheme import Scheme
from relay.auth.secret_ref import SecretRef
from relay.config.choices import DIRECT_DELIVERY, QUEUED_DELIVERY, REJECT
from relay.http import body_formats
from relay.templates.template import Template


class EventTemplate(NamedTuple):
    """`[route.event]`: how a webhook becomes entries. What is None has the default of relay.toml.

    Without `source` the route has `customer`: source and Region are those of the customer's destinations.
    """

    source: Template | None
    detail_type: Template
    time: Template | None
    resources: Template | None
    detail: Template | None
    region: Template | None
    each: Template | None
    claim_check_detail: Template | None
    when: Template | None


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]`; `preset` is empty if the route names no sender."""

    name: str
    path: str
    auth: Scheme
    delivery_id: Template | None
    event: EventTemplate
    customer: Template | None = None
    body_format: str = body_formats.JSON
    response_body: str = ""
    delivery: str = DIRECT_DELIVERY
    retry_for: float = 2  # seconds
    failover_region: str = ""
    dedupe: bool = False
    unique_delivery_id: bool = False
    on_oversize: str = REJECT
    bus: str = ""
    handshakes: tuple[Handshake, ...] = ()
    verify_token: SecretRef | None = None
    origins: tuple[str, ...] = ()
    enroll: bool = False
    allow_forgeable_source: bool = False
    warnings: tuple[str, ...] = ()
    preset: str = ""

    @property
    def is_queued(self) -> bool:
        """Return whether a webhook is answered once its entries are in the delivery queue."""
        return self.delivery == QUEUED_DELIVERY

    @property
    def methods(self) -> frozenset[str]:
        """Return POST for webhooks, and what the sender's handshakes use."""
        return frozenset({"POST"} | {one.method for one in self.handshakes})

    def templates(self) -> dict[str, Template | None]:
        """Return the templates that make entries, by their key in the route's table."""
        event = {f"event.{name}": value for name, value in self.event._asdict().items()}
        return {"delivery_id": self.delivery_id, "customer": self.customer, **event}

    def secrets(self) -> set[SecretRef]:
        """Return the names of the secrets this route reads."""
        return {secret for secret in (self.auth.secret, self.verify_token) if secret}

    def with_secret_prefix(self, prefix: str) -> "Route":
        """Return this route with its secrets named as the stage of this prefix keeps them."""
        secret = self.auth.secret
        return replace(
            self,
            auth=replace(self.auth, secret=secret.in_stage(prefix)) if secret else self.auth,
            verify_token=self.verify_token.in_stage(prefix) if self.verify_token else None,
        )

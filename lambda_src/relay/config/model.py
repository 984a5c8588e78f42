"""relay.toml as values: what the function and the stack may rely on."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from relay.config.choices import DIRECT
from relay.config.route import Route

if TYPE_CHECKING:  # most relay.toml have neither
    from relay.config.archive import Archive
    from relay.config.destinations import Destinations


SECRET_PREFIX = "RELAY_SECRET_PREFIX"  # noqa: S105  # the name of a variable
"""The environment variable that says how the names of the stage's secrets begin."""


class Limits(NamedTuple):
    """`[limits]`: the most bytes of a body, an entry and a request, and the most entries of one webhook."""

    body: int = 1024 * 1024
    entry: int = 1_000_000
    request: int = 256 * 1024 - 1
    entries: int = 5000


@dataclass(frozen=True, slots=True)
class Config:
    """relay.toml. The first of `regions` is the default; `claim_check_ttl` is in seconds.

    `public_url` is the base of the URLs the senders use, without a slash at its end. `destinations` is None if no
    route has a customer; `notify_bus` is where operational events go, empty for nowhere; `log_entries` is whether each
    entry has a line in the log; `archive` is None if webhooks are not archived.
    """

    partner: str
    regions: tuple[str, ...]
    routes: tuple[Route, ...]
    limits: Limits
    public_url: str = ""
    claim_check_ttl: int = 3600
    transport: str = DIRECT
    destinations: "Destinations | None" = None
    notify_bus: str = ""
    log_entries: bool = True
    archive: "Archive | None" = None

    def with_secret_prefix(self, prefix: str) -> "Config":
        """Return this configuration with every secret named as the stage of this prefix (`dev/`) keeps it."""
        return (
            replace(self, routes=tuple(route.with_secret_prefix(prefix) for route in self.routes)) if prefix else self
        )

    def warnings(self) -> list[str]:
        """Return what `cdk synth` says about each route that authenticates less than its body."""
        return [f'route "{route.name}": {warning}' for route in self.routes for warning in route.warnings]

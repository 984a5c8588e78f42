"""The composition root of the customer's page: its signing key, and what it shows."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from relay import bootstrap, destination_telemetry
from relay.aws import registry_table
from relay.aws.secrets import SecretStore
from relay.bootstrap_destinations import destinations_of
from relay.catalog import loader
from relay.config import compiled
from relay.config.model import Config
from relay.control.page_access import PageAccess, PageServices
from relay.errors import Unavailable
from relay.page.api import PageContent

KEY_ARN, URL = "PAGE_KEY_ARN", "PAGE_URL"
"""The environment variables that the stack sets: the secret that signs tokens, and for the control API the page."""


def page_access(settings: Config) -> PageAccess:
    """Return who may see the page. Raise KeyError if the environment does not name the signing key."""
    store, name = SecretStore(bootstrap.connect(settings)), os.environ[KEY_ARN]
    return PageAccess(
        PageServices(
            read_keys=partial(_keys, store.read, name),
            refresh_keys=partial(_keys, store.refresh, name),
            revoked_at=registry_table.connect().revoked_at,
            record=destination_telemetry.record_access,
            now=lambda: datetime.now(UTC),
        )
    )


def page_content(settings: Config) -> PageContent:
    """Return what relay.toml says to the page. Raise RuntimeError without `[destinations.page]`, ConfigError."""
    destinations = destinations_of(settings)
    if destinations.page is None:
        raise RuntimeError("relay.toml has no [destinations.page]")
    catalog = loader.load(compiled.folder() / loader.FOLDER)
    return PageContent(
        destinations.page, settings.regions, destinations.ping, destinations.hold, destinations.settle, catalog
    )


def _keys(read: Callable[[str], Sequence[str]], name: str) -> Sequence[str]:
    try:
        return read(name)
    except Unavailable as error:  # its text is for the senders of webhooks
        raise OSError(error.reason) from error

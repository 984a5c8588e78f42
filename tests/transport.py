"""The transport by which the tests reach AWS: `pytest --transport boto3` runs the same tests over the other one."""

import os

from relay.config.choices import DIRECT

VARIABLE = "RELAY_TEST_TRANSPORT"


def transport() -> str:
    """Return the transport that `--transport` chose."""
    return os.environ.get(VARIABLE, DIRECT)


def with_transport(relay_toml: str) -> str:
    """Return the text of a relay.toml with the chosen transport, unless it names one itself."""
    return relay_toml if relay_toml.startswith("transport") else f'transport = "{transport()}"\n{relay_toml}'

"""The configuration that `cdk synth` has compiled: a module of the package, which says what relay.toml says.

To read and check TOML in the function would be a sixth of a cold start.
"""

import os
from importlib import import_module
from pathlib import Path

from relay.config.model import SECRET_PREFIX, Config

MODULE, NAME = "relay_toml", "CONFIG"
"""The module that compiler.py writes, and its one name."""


def load() -> Config:
    """Return the configuration of this stage: that of the package, or of the relay.toml that RELAY_CONFIG names.

    Raise ConfigError for a mistake in that file.
    """
    if path := os.environ.get("RELAY_CONFIG"):
        from relay.config import loader

        return loader.load(Path(path))
    config: Config = getattr(import_module(MODULE), NAME)
    return config.with_secret_prefix(os.environ.get(SECRET_PREFIX, ""))


def folder() -> Path:
    """Return the folder of the package, or of the relay.toml that RELAY_CONFIG names."""
    path = os.environ.get("RELAY_CONFIG")
    return Path(path).parent if path else Path(__file__).parents[2]

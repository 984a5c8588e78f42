"""Read relay.toml: `load` returns the validated `Config`, or raises with every mistake."""

from relay.config.fields import BOTO3, DIRECT, TRANSPORTS
from relay.config.loader import SECRET_PREFIX, config_path, load, parse
from relay.config.model import Config, Limits

__all__ = ["BOTO3", "DIRECT", "SECRET_PREFIX", "TRANSPORTS", "Config", "Limits", "config_path", "load", "parse"]

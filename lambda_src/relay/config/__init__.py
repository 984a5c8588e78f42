"""Read relay.toml: `load` returns the validated `Config`, or raises with every mistake."""

from relay.config.loader import BOTO3, DIRECT, SCHEMES, SECRET_PREFIX, TRANSPORTS, Config, Limits, load, parse, path

__all__ = ["BOTO3", "DIRECT", "SCHEMES", "SECRET_PREFIX", "TRANSPORTS", "Config", "Limits", "load", "parse", "path"]

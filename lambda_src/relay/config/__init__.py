"""Read relay.toml: `load` returns the validated `Config`, or raises with every mistake."""

from typing import TYPE_CHECKING, Any

from relay.config.choices import BOTO3, DIRECT, TRANSPORTS
from relay.config.model import SECRET_PREFIX, Config, Limits

if TYPE_CHECKING:
    from relay.config.loader import load, parse

__all__ = ["BOTO3", "DIRECT", "SECRET_PREFIX", "TRANSPORTS", "Config", "Limits", "load", "parse"]


def __getattr__(name: str) -> Any:
    """Import what reads and checks TOML only for those who do: the functions have compiled.py."""
    if name in {"load", "parse"}:
        from relay.config import loader

        return getattr(loader, name)
    raise AttributeError(name)

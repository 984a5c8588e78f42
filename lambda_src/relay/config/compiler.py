"""Write a configuration as the Python module that makes it, for the function's package: no function imports this."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from relay.config.compiled import NAME
from relay.config.model import Config

_PLAIN = (type(None), bool, int, float, str)


def dump(config: Config) -> str:
    """Return the text of a module whose CONFIG equals `config`. Raise TypeError for a value that it cannot write."""
    lines = ['"""relay.toml, compiled."""', *(f"import {name}" for name in sorted(set(_modules(config))))]
    return "\n".join([*lines, f"{NAME} = {_expression(config)}", ""])


def _expression(value: Any) -> str:
    if type(value) in _PLAIN:
        return repr(value)
    if type(value) is tuple:
        return f"({''.join(f'{_expression(each)}, ' for each in value)})"
    if type(value) is dict:
        return f"{{{', '.join(f'{_expression(key)}: {_expression(each)}' for key, each in value.items())}}}"
    names = _names(value)
    arguments = ", ".join(f"{name}={_expression(getattr(value, name))}" for name in names)
    return f"{type(value).__module__}.{type(value).__qualname__}({arguments})"


def _names(value: Any) -> tuple[str, ...]:
    """Return what a dataclass or a named tuple is made of. Raise TypeError if it is neither."""
    if is_dataclass(value):
        return tuple(field.name for field in fields(value) if field.init)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return tuple(value._fields)
    raise TypeError(f"{type(value).__name__} cannot be compiled")


def _modules(value: Any) -> Iterator[str]:
    """Yield the module of each class of which there is a value."""
    if type(value) in _PLAIN:
        return
    if type(value) is dict:
        children = [*value, *value.values()]
    elif type(value) is tuple:
        children = list(value)
    else:
        yield type(value).__module__
        children = [getattr(value, name) for name in _names(value)]
    for child in children:
        yield from _modules(child)

"""JMESPath, for the expressions of templates that are more than names."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from relay.errors import MappingError
from relay.templates import functions
from relay.templates.functions import RelayFunctions

_INTERPRETER = TreeInterpreter(jmespath.Options(custom_functions=RelayFunctions()))


@cache  # as many as relay.toml has
def parse(expression: str) -> Any:
    """Return the syntax tree of an expression. Raise JMESPathError or ValueError if it is not JMESPath."""
    return jmespath.compile(expression).parsed


def search(expression: str, scope: Mapping[str, Any]) -> Any:
    """Return the value with its type, or None where the path leads nowhere. Raise MappingError if it fails."""
    try:
        return _INTERPRETER.visit(parse(expression), scope)
    except (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        # A stranger's payload may not raise anything else, whichever function the expression calls.
        raise MappingError(f"${{{expression}}} failed on this payload: {functions.explain(error)}") from error

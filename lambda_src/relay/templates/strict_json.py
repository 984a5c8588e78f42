"""JSON as RFC 8259 has it: what Python's parser adds (NaN, Infinity) is refused, and so is what EventBridge refuses.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html: nesting is processed to 1000 levels.
"""

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

MAX_DEPTH = 1000
_FEW = 32  # brackets

# Possessive, and its end is optional: once begun it never fails, so no text makes it begin again inside a string.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = b"[{]}"
_STEPS = bytes.maketrans(_BRACKETS, bytes([1, 1, 255, 255]))  # 255 is -1 in a signed byte
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))


class NotJSON(ValueError):
    """The text is not JSON, or is nested too deeply; the message says which and where."""


def parse(text: str) -> Any:
    """Return the value. Raise NotJSON, and nothing else, whatever the text, in time linear in its length."""
    if _count("[", text) + _count("{", text) > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise NotJSON(f"nested more than {MAX_DEPTH} levels deep")
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise NotJSON("nested too deeply for the parser") from error
    except json.JSONDecodeError as error:
        raise NotJSON(f"{error.msg} at character {error.pos}") from error
    except ValueError as error:
        raise NotJSON(str(error)) from error


def dump(value: Any) -> str:
    """Return compact JSON text. Raise NotJSON for what JSON cannot express (an infinite number)."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise NotJSON(str(error)) from error


def _count(bracket: str, text: str) -> int:
    """Return how many there are: the first few by searches, which are quicker than counting, but each is a call."""
    position = -1
    for found in range(_FEW):
        position = text.find(bracket, position + 1)
        if position < 0:
            return found
    return _FEW + text.count(bracket, position + 1)


def _depth(text: str) -> int:
    """Return how deep the brackets outside strings nest, in time linear in the text, whether or not it is JSON."""
    steps = _STRING.sub("", text).encode("ascii", "ignore").translate(_STEPS, _OTHERS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

"""JSON as RFC 8259 has it: what Python's parser adds (NaN, Infinity) is refused, and so is what EventBridge refuses.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html: nesting is processed to 1000 levels.
"""

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

MAX_DEPTH = 1000

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r"[\[{\]}]")


class NotJSON(ValueError):
    """The text is not JSON, or is nested too deeply; the message says which and where."""


def parse(text: str) -> Any:
    """The value. Raises NotJSON, and nothing else, whatever the text."""
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
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
    """Compact JSON text. Raises NotJSON for what JSON cannot express (an infinite number)."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise NotJSON(str(error)) from error


def _depth(text: str) -> int:
    brackets = _BRACKET.findall(_STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

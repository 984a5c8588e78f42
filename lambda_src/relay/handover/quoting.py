"""Write values into YAML, HCL and shell scripts, so that no value can end the text it stands in. Pure.

All of them become ASCII on one line.
"""

import json
import re
import shlex
from collections.abc import Callable
from typing import Any


def to_yaml(value: Any) -> str:
    """Return a text, list or mapping in YAML's flow style, each text in double quotes."""
    return _flow(value, ": ", _quote)


def to_hcl(value: Any) -> str:
    """Return a text, list or mapping as an expression of HCL; `${` and `%{` in a text mean nothing there."""
    return _flow(value, " = ", lambda text: re.sub(r"[$%](?=\{)", lambda found: _by_code(found[0]), _quote(text)))


def to_shell(value: Any) -> str:
    """Return one word of a shell script: a text as it is, a list or mapping as JSON."""
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))


def _flow(value: Any, separator: str, quote: Callable[[str], str]) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, separator, quote) for one in value) + "]"
    return "{ " + ", ".join(quote(key) + separator + _flow(one, separator, quote) for key, one in value.items()) + " }"


def _quote(text: str) -> str:
    r"""Return a text in double quotes, with the escapes that YAML and HCL share: `\\`, `\"`, `\u` and `\U`.

    json.dumps is not for them: it writes a character beyond U+FFFF as two escapes, which YAML keeps as two characters.
    """
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if " " <= character <= "~" else _by_code(character)


def _by_code(character: str) -> str:
    return f"\\u{ord(character):04x}" if character <= "\uffff" else f"\\U{ord(character):08x}"

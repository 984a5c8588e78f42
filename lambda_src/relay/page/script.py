"""The page's modules as one script: a page that loads a dozen files would start as many functions at once."""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class) )", re.MULTILINE)


def join_modules(folder: Path, entry: str) -> str:
    """Return the module `entry`, and before it those that it imports, each once.

    All of them share one scope then: no two may have the same name at top level, which a test holds.
    """
    joined: list[str] = []
    seen: set[str] = set()

    def add(name: str) -> None:
        seen.add(name)
        text = (folder / name).read_text("utf-8")
        for imported in _IMPORT.findall(text):
            if imported not in seen:
                add(imported)
        joined.append(_EXPORT.sub("", _IMPORT.sub("", text)))

    add(entry)
    return "\n".join(joined)

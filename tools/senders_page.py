"""Write docs/reference/senders.md from presets.toml and evidence.toml: `python -m tools.senders_page`.

A test says when the page is out of date.
"""

import json
import tomllib
from collections import Counter
from pathlib import Path

from relay.config import presets

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "senders.md"
EVIDENCE = ROOT / "tools" / "evidence.toml"
VECTORS = sorted((ROOT / "tests" / "vectors").glob("*.json"))

# What these prove is not a body.
_NOT_THE_BODY = {"api-key", "basic", "bearer", "paypal", None}

HEAD = """\
# Senders

This page lists every preset of relay.toml, and what proves that it verifies webhooks as the sender signs them.
A sender that is not listed takes a few lines of TOML: [add a sender](../how-to/add-a-sender.md).

The column *proof* names the strongest proof there is:

- *library*: the sender's own library, or one that its documentation names, signed or verified the same requests.
- *third party*: the same with a library by somebody else.
- *published*: a signed request that the sender has published is accepted.
- *example*: a request signed by the steps of the sender's own example or source code is accepted.
- *documentation*: the preset follows the text of the sender's documentation; no example was run.
- *unverified*: the preset follows what others say about the sender.

The column *vectors* counts the requests with a known result in [our tests](../../tests/vectors/test_vectors.py).
Libraries are called by [other tests](../../tests/oracles/test_oracles.py), or were called when the vectors were made.

`.venv/bin/python -m tools.senders_page` writes this page, also from [evidence.toml](../../tools/evidence.toml).

| preset | scheme | handshake | vectors | proof | by | |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    preset_tables = presets.load()
    files = [json.loads(path.read_text("utf-8")) for path in VECTORS]
    vectors = Counter(vector["provider"] for file in files for vector in file["vectors"])
    evidence = tomllib.loads(EVIDENCE.read_text("utf-8"))
    rows = []
    for name, preset in sorted(preset_tables.items()):
        auth = preset_tables.get(preset.get("extends", ""), {}).get("auth", {}) | preset.get("auth", {})
        proof = evidence[name]
        remarks = []
        if name == "cloudevents":
            remarks.append("a format: how it proves itself is for the route to say")
        elif auth.get("signs") == "part-of-body" or auth.get("scheme") in _NOT_THE_BODY:
            remarks.append("body not authenticated")
        cells = [
            f"[{name}]({preset['doc']})",
            str(auth.get("scheme", "none")),
            "yes" if "handshake" in preset else "",
            str(vectors[name] or ""),
            proof["proof"],
            proof["by"],
            ", ".join(remarks),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

"""`python -m local.senders` writes docs/reference/senders.md from presets.toml; a test says it is current."""

import json
import tomllib
from collections import Counter

from local.aws import ROOT
from relay.config import presets as known

PAGE = ROOT / "docs" / "reference" / "senders.md"
EVIDENCE = ROOT / "local" / "evidence.toml"
VECTORS = sorted((ROOT / "tests" / "vectors").glob("*.json"))

HEAD = """\
# Senders

What each preset knows, and what proves that it reads webhooks as the sender writes them.
The best proof is named:

- *library*: the sender's library, or the one that its documentation names, signs or verifies: in our
  [tests](../../tests/oracles/test_oracles.py), or when the [vectors](../../tests/vectors/test_vectors.py) were made.
- *third party*: likewise, a library that is not the sender's.
- *published*: a request with its signature that the sender has published is accepted.
- *example*: signed by the steps of the sender's own example or source code, and accepted.
- *documentation*: follows the text of the sender's documentation; no example was run.
- *unverified*: what others say of it.

*Vectors* are requests with a verdict in our tests.

Written by `.venv/bin/python -m local.senders`, from [evidence.toml](../../local/evidence.toml) too.

| preset | scheme | handshake | vectors | proof | by | |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    presets = known.load()
    files = [json.loads(path.read_text("utf-8")) for path in VECTORS]
    vectors = Counter(one["provider"] for file in files for one in file["vectors"])
    evidence = tomllib.loads(EVIDENCE.read_text("utf-8"))
    rows = []
    for name, preset in sorted(presets.items()):
        auth = presets.get(preset.get("like", ""), {}).get("auth", {}) | preset.get("auth", {})
        proof = evidence[name]
        remarks = []
        if name == "cloudevents":
            remarks.append("a format: how it proves itself is for the route to say")
        elif auth.get("covers") == "part" or auth.get("scheme") in {"api-key", "basic", "bearer", "paypal", None}:
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

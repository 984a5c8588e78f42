"""`python -m local.senders` writes docs/senders.md from presets.toml and the vectors; a test says it is current."""

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.aws import ROOT
from relay import presets as known

PAGE = ROOT / "docs" / "senders.md"
EVIDENCE = ROOT / "local" / "evidence.toml"
VECTORS = sorted((ROOT / "tests" / "vectors").glob("*.json"))

# Whose own library, or one of the same primitive, signs or verifies in tests/oracles.
ORACLES = {
    "standard-webhooks": "standardwebhooks",
    "standard-webhooks-v1a": "PyNaCl",
    "svix": "svix",
    "stripe": "stripe",
    "slack": "slack_sdk",
    "github": "gidgethub",
    "twilio": "twilio",
    "plivo": "plivo",
    "discord": "PyNaCl",
    "sendgrid": "sendgrid",
    "netlify": "PyJWT",
    "messagebird": "PyJWT",
    "pubsub": "google-auth",
    "kinde": "PyJWT",
    "wix": "PyJWT",
    "square": "squareup",
    "paddle": "paddle-python-sdk",
    "paddle-classic": "phpserialize, cryptography",
    "sns": "cryptography",
    "paypal": "cryptography",
    "cloudevents": "cloudevents",
}

HEAD = """\
# Senders

What each preset knows, and what proves that it reads webhooks as the sender writes them.
The best proof is named:

- *library*: the sender's library, or the one that its documentation names, signs or verifies: in our
  [tests](../tests/oracles/test_oracles.py), or when the [vectors](../tests/vectors/test_vectors.py) were made.
- *third party*: likewise, a library that is not the sender's.
- *published*: a request with its signature that the sender has published is accepted.
- *example*: signed by the steps of the sender's own example or source code, and accepted.
- *documentation*: follows the text of the sender's documentation; no example was run.
- *unverified*: what others say of it.

*Vectors* are requests with a verdict in our tests.

Written by `.venv/bin/python -m local.senders`, from [evidence.toml](../local/evidence.toml) too.

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
        proof = evidence[name] if name in evidence else _old(name, preset, vectors)
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


def _old(name: str, preset: Mapping[str, Any], vectors: Mapping[str, int]) -> dict[str, str]:
    """What was known of a preset before it had a line in evidence.toml."""
    if not preset.get("verified", True):
        return {"proof": "unverified", "by": ""}
    if name in ORACLES:
        return {"proof": "library", "by": ORACLES[name]}
    return {"proof": "vectors" if vectors[name] else "documentation", "by": ""}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

"""`python -m local.senders` writes docs/senders.md from presets.toml and the vectors; a test says it is current."""

import json
from collections import Counter

from local.aws import ROOT
from relay import presets as known

PAGE = ROOT / "docs" / "senders.md"
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

What each preset knows, and what proves it. *Vectors* are requests with a verdict, made or checked with the
sender's library or published by it ([tests/vectors](../tests/vectors/test_vectors.py)); *library* signs or verifies in
our tests, now ([tests/oracles](../tests/oracles/test_oracles.py)). A preset with neither follows the sender's
documentation; where it says *not verified*, only what others say of it.

Written by `.venv/bin/python -m local.senders`.

| preset | scheme | handshake | vectors | library | |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    presets = known.load()
    files = [json.loads(path.read_text("utf-8")) for path in VECTORS]
    vectors = Counter(one["provider"] for file in files for one in file["vectors"])
    rows = []
    for name, preset in sorted(presets.items()):
        auth = presets.get(preset.get("like", ""), {}).get("auth", {}) | preset.get("auth", {})
        remarks = [] if preset.get("verified", True) else ["not verified"]
        if name == "cloudevents":
            remarks.append("a format: how it proves itself is for the route to say")
        elif auth.get("covers") == "part" or auth.get("scheme") in {"api-key", "basic", "bearer", "paypal", None}:
            remarks.append("body not authenticated")
        cells = [
            f"[{name}]({preset['doc']})",
            str(auth.get("scheme", "none")),
            "yes" if "handshake" in preset else "",
            str(vectors[name] or ""),
            ORACLES.get(name, ""),
            ", ".join(remarks),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

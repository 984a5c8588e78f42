"""Write docs/reference/senders.md, and a page for each sender beside it: `python -m tools.senders_page`.

A test says when one of them is out of date.
"""

import json
from collections import Counter
from pathlib import Path

from relay.config import presets
from relayctl import senders
from relayctl.senders.page import page as sender_page
from relayctl.senders.page import signs_with_private_key

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "senders.md"
FOLDER = PAGE.with_suffix("")
VECTORS = sorted((ROOT / "tests" / "vectors").glob("*.json"))

PROOFS = ("library", "third party", "published", "example", "documentation", "unverified")
"""From the strongest on."""

# What these prove is not a body.
_NOT_THE_BODY = {"api-key", "basic", "bearer", "paypal", None}

HEAD = """\
# Senders

This page lists every preset of relay.toml, and what proves that it verifies webhooks as the sender signs them.
Each has a page of its own, with its settings and a sample; `.venv/bin/relayctl presets NAME` prints it.
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

{counts}
The others were written by people who know the sender, or have only what the preset reads; each page says which.
{unsigned}

Svix has [a list of senders](https://docs.svix.com/ingest/receiving-with-ingest) that it receives from.
Two of these are not here: `openclaw` only receives webhooks, and the page on signatures of `vgs` was out of reach.
Both take [a few lines of TOML](../how-to/add-a-sender.md) if you know how they sign.

What is proven stands in [evidence.toml](../../relayctl/senders/evidence.toml).
The samples are in [samples.toml](../../relayctl/senders/samples.toml).
`.venv/bin/python -m tools.senders_page` writes these pages.

| preset | scheme | handshake | vectors | proof | by | |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    preset_tables = presets.load()
    files = [json.loads(path.read_text("utf-8")) for path in VECTORS]
    vectors = Counter(vector["provider"] for file in files for vector in file["vectors"])
    evidence = senders.evidence()
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
            f"[{name}](senders/{name}.md)",
            str(auth.get("scheme", "none")),
            "yes" if "handshake" in preset else "",
            str(vectors[name] or ""),
            proof.proof,
            proof.by,
            ", ".join(remarks),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD.format(counts=_counts(), unsigned=_unsigned()) + "\n".join(rows) + "\n"


def _counts() -> str:
    """Return how many presets each kind of proof has, and how many samples were compared."""
    names = presets.load().keys()
    proofs = Counter(proof.proof for proof in senders.evidence().values())
    by_proof = ", ".join(f"{proofs[proof]} {proof}" for proof in PROOFS)
    compared = sum(bool(senders.sample(name).source) for name in names)
    return (
        f"Of the {len(names)} presets: {by_proof}.\n"
        f"{compared} of the samples were compared with what the sender documents, publishes or has as types, "
        "or with a request that somebody else's tests have."
    )


def _unsigned() -> str:
    """Return which presets `relayctl send` cannot sign."""
    names = [name for name in sorted(presets.load()) if signs_with_private_key(senders.resolve(name)["auth"])]
    links = ", ".join(f"[{name}](senders/{name}.md)" for name in names)
    return f"`relayctl send` signs all but {len(names)}, whose private key only the sender has: {links}."


def pages() -> dict[Path, str]:
    """Return the text of every page, by its file."""
    return {PAGE: page()} | {FOLDER / f"{name}.md": sender_page(name) for name in presets.load()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for path, text in pages().items():
        path.write_text(text, "utf-8")

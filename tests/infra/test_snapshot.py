"""The whole template, as it was last reviewed. `.venv/bin/python -m tests.infra.test_snapshot` writes it anew."""

import json
import re
from pathlib import Path

import pytest

from tests.infra.conftest import RELAY_TOML, synthesise

FOLDER = Path(__file__).with_name("snapshots")


def text(stage: str) -> str:
    """Return the template of a stage without the hashes that change with the function's code."""
    template = json.dumps(synthesise(RELAY_TOML, stage).to_json(), indent=1, sort_keys=True)
    template = re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}", r"\1<hash>", template)
    return re.sub(r"[0-9a-f]{64}(?=\.zip)", "<hash>", template) + "\n"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_template_is_the_one_that_was_reviewed(stage: str) -> None:
    reviewed = (FOLDER / f"{stage}.template.json").read_text("utf-8")
    assert text(stage) == reviewed, (
        "if the change is meant: .venv/bin/python -m tests.infra.test_snapshot, and review it"
    )


if __name__ == "__main__":
    for name in ("dev", "prod"):
        (FOLDER / f"{name}.template.json").write_text(text(name), "utf-8")

"""git's hooks run the programs of `make setup` before a commit."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FORMATTED = '"""Nothing."""\n'
WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with the hooks, and the environment that `make setup` makes."""
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / ".gitignore").write_text(".venv\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def run_hooks(checkout: Path, hook: str) -> subprocess.CompletedProcess[str]:
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    environment = {**os.environ, "PRE_COMMIT_HOME": str(checkout.parent / "cache")}
    command = [str(ROOT / ".venv/bin/pre-commit"), "run", "--all-files", hook]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("hook", "path", "wrong", "right"),
    [
        ("ruff-check", "bad.py", "import os\n", FORMATTED),
        ("ruff-format", "bad.py", "x  =  1\n", FORMATTED),
        ("node-check", "relay_local/inspector/page/bad.js", "let = ;\n", "let x;\n"),
        ("zizmor", ".github/workflows/bad.yml", re.sub("@[0-9a-f]{40} # ", "@", WORKFLOW), WORKFLOW),
    ],
)
def test_a_mistake_stops_a_commit_and_its_correction_does_not(
    checkout: Path, hook: str, path: str, wrong: str, right: str
) -> None:
    file = checkout / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(wrong)
    refused = run_hooks(checkout, hook)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "Failed" in refused.stdout
    file.write_text(right)
    accepted = run_hooks(checkout, hook)
    assert (accepted.returncode, "Passed" in accepted.stdout) == (0, True), accepted.stdout

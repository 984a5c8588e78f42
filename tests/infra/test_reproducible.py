"""The same sources give the same template and the same packages, wherever they are: `cdk diff` shows changes alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    "app.py",
    "cdk.json",
    "relay.toml",
    "infra",
    "lambda_src",
    "requirements-function.txt",
    "requirements-cryptography.txt",
)


def synthesised(clone: Path, stage: str) -> dict[str, bytes]:
    """What `cdk synth` writes there for a stage: the template, and the names of the assets, which are their hashes."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, clone / name)
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"] | {"stage": stage}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment |= {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(clone / "out")}
    subprocess.run([sys.executable, "app.py"], cwd=clone, env=environment, check=True, capture_output=True)
    assets = {path.name: b"" for path in (clone / "out").iterdir() if path.name.startswith("asset.")}
    return {"template": (clone / "out" / "PartnerEventRelay.template.json").read_bytes(), **assets}


@pytest.mark.parametrize("stage", ["prod"])
def test_two_clones_give_the_same_bytes(tmp_path: Path, stage: str) -> None:
    clones = [tmp_path / "first", tmp_path / "somewhere" / "else"]
    for clone in clones:
        clone.mkdir(parents=True)
    first, second = (synthesised(clone, stage) for clone in clones)
    assert len(first) > 1
    assert first == second

"""The same sources give the same template and the same packages, wherever they are: `cdk diff` shows changes alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from partner_event_relay.functions import compiler

ROOT = Path(__file__).parents[2]
SOURCES = (
    "app.py",
    "cdk.json",
    "relay.toml",
    "events",
    "infra",
    "lambda_src",
)


SIGNED_BY_KEY = """
[[route]]
name = "signed-by-key"
path = "/signed-by-key"
preset = "discord"
auth = { public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" }
event = { source = "aws.partner/acme.example/discord", detail_type = "interaction" }
"""


def clone(folder: Path) -> None:
    """Copy the sources there, with a route that needs cryptography: the largest package there is."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    with (folder / "relay.toml").open("a") as file:
        file.write(SIGNED_BY_KEY)


def environment_at(folder: Path) -> Path:
    """Return the Python of a virtual environment there that has this one's packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    show = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(show, check=True, capture_output=True, text=True).stdout.strip())
    (packages / "these.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def synth(folder: Path, python: Path, umask: int = 0o022, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the app of the clone there, for AWS."""
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment |= {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder / "out"), **more}
    command = [str(python), "app.py"]
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, umask=umask
    )


def synthesised(folder: Path, python: Path, umask: int) -> dict[str, tuple[int, str]]:
    """Return the mode and the SHA-256 of all that `cdk synth` writes there: the template, and each asset's files."""
    done = synth(folder, python, umask)
    assert done.returncode == 0, done.stderr
    out = folder / "out"
    paths = [out / "PartnerEventRelay.template.json"]
    paths += [path for asset in out.glob("asset.*") for path in (asset, *asset.rglob("*"))]
    return {
        str(path.relative_to(out)): (
            path.stat().st_mode & 0o777 if path != paths[0] else 0,
            "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in paths
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, tuple[int, str]]]:
    """Return what `cdk synth` writes in each of two clones that install everything themselves."""
    root, written = tmp_path_factory.mktemp("clones"), []
    for name, umask in (("first", 0o022), ("somewhere/else/and longer", 0o077)):
        folder = root / name
        folder.mkdir(parents=True)
        clone(folder)
        (folder / ".build").mkdir()
        installed = compiler.install()  # by npm, by its lock
        (folder / ".build" / installed.name).symlink_to(installed)
        written.append(synthesised(folder, environment_at(folder / "environment of its own"), umask))
    return written


def test_two_clones_with_environments_elsewhere_give_the_same_bytes(
    written: list[dict[str, tuple[int, str]]],
) -> None:
    first, second = written
    assert len(first) > 300
    assert any("/cryptography/" in path for path in first)
    assert first == second


def test_nothing_that_pip_writes_itself_is_in_the_package(written: list[dict[str, tuple[int, str]]]) -> None:
    names = {path.rsplit("/")[-1] for path in written[0]}
    assert names & {"bin", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json"} == set()
    assert "METADATA" in names


def test_a_clone_that_cannot_compile_the_package_gives_none_and_says_what_to_do(tmp_path: Path) -> None:
    clone(tmp_path)
    (tmp_path / ".npmrc").write_text("registry=http://127.0.0.1:9\nfetch-retries=0\ncache=none")
    done = synth(tmp_path, Path(sys.executable), npm_config_userconfig=str(tmp_path / ".npmrc"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be compiled" in done.stderr
    assert "needs npm's registry once" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("*.template.json")) == []

"""The partner bus in another project: an empty folder, an environment of its own, and the page's example."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/partner-bus.md"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with nothing but an environment that has pytest and this package, built from what git tracks."""
    folder = tmp_path_factory.mktemp("project")
    sources = tmp_path_factory.mktemp("sources") / "partner-event-relay"
    release.copy_tracked(sources)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, sources], check=True)
    [wheel] = built.iterdir()
    versions = re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE)
    (folder / "versions.txt").write_text("\n".join(versions))
    venv.create(folder / ".venv", symlinks=True)
    into = ["--python", str(folder / ".venv"), "install", "--constraint", str(folder / "versions.txt")]
    subprocess.run([*pip, *into, "--only-binary=:all:", f"{wheel}[partner-bus]", "pytest"], check=True)
    return folder


def environment(project: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_", "PYTHON"))}
    return {**clean, "XDG_CACHE_HOME": str(project / "cache"), "PATH": f"{project / '.venv/bin'}:/usr/bin:/bin"}


def test_the_pages_example_passes_in_an_empty_project(project: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (project / "test_example.py").write_text(example)
    command = [str(project / ".venv/bin/python"), "-m", "pytest", "-q", "-W", "error", "test_example.py"]
    result = subprocess.run(command, cwd=project, env=environment(project), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
    assert len(list((project / "cache/partner-event-relay").iterdir())) == 1


def test_the_command_starts_there_too(project: Path) -> None:
    process = subprocess.Popen(
        [project / ".venv/bin/partner-bus", "--port", "0"],
        cwd=project,
        env=environment(project),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    with process.stderr as messages:
        assert messages.readline().startswith("Partner bus on http://127.0.0.1:")
        process.terminate()
    assert process.wait(timeout=30) == 0

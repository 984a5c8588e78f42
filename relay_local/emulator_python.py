"""Find the Pythons of the local AWS: the emulator's packages pin another botocore than everything else here.

Functions run with a Python of their own as well, which has AWS's runtime client.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
EMULATOR, RUNTIME = "emulator", "runtime"
PIP_INSTALL = ("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:")


class EmulatorInstallationError(Exception):
    """A part of the local AWS could not be installed; the message says why and what to do."""


def environment_python(name: str) -> Path:
    """Return the Python of EMULATOR or RUNTIME: that of `make setup`, or one in the user's cache.

    The latter is made when it is needed for the first time, of exactly what the lock names.
    Raise EmulatorInstallationError.
    """
    if (ROOT / "Makefile").exists():
        return ROOT / ".build" / name / "bin" / "python"
    lock = Path(__file__).with_name(f"requirements-{name}.txt")
    folder = _cache() / hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not python.exists():
        _install(lock, folder)
    return python


def _install(lock: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        target = Path(temporary) / "environment"
        try:
            venv.create(target, symlinks=True, with_pip=True)  # the environment that we run in may have no pip
            command = [str(target / "bin/python"), "-m", "pip", *PIP_INSTALL, "--requirement", str(lock)]
            subprocess.run(command, capture_output=True, text=True, check=True)
        except subprocess.CalledProcessError as error:
            hint = "it needs the package index once, and Python with venv and ensurepip"
            raise EmulatorInstallationError(f"the local AWS could not be installed: {hint}\n{error.stderr}") from error
        if not folder.exists():  # another process may have made the same meanwhile
            shutil.move(target, folder)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partner-event-relay"

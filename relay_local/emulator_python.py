"""Find the Python of the emulator's own environment: its packages pin another botocore than everything else here."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLONE = ROOT / ".build" / "emulator" / "bin" / "python"
LOCK = Path(__file__).with_name("requirements-emulator.txt")
PIP_INSTALL = ("install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:")


class EmulatorInstallationError(Exception):
    """The emulator could not be installed; the message says why and what to do."""


def emulator_python() -> Path:
    """Return the Python that has the emulator's packages: that of `make setup`, or one in the user's cache.

    The latter is made when it is needed for the first time, of exactly what the lock names.
    Raise EmulatorInstallationError.
    """
    if (ROOT / "Makefile").exists():
        return CLONE
    folder = _cache() / hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not python.exists():
        _install(folder)
    return python


def _install(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        target = Path(temporary) / "environment"
        try:
            venv.create(target, symlinks=True, with_pip=True)  # the environment that we run in may have no pip
            command = [str(target / "bin/python"), "-m", "pip", *PIP_INSTALL, "--requirement", str(LOCK)]
            subprocess.run(command, capture_output=True, text=True, check=True)
        except subprocess.CalledProcessError as error:
            hint = "it needs the package index once, and Python with venv and ensurepip"
            raise EmulatorInstallationError(f"the local AWS could not be installed: {hint}\n{error.stderr}") from error
        if not folder.exists():  # another process may have made the same meanwhile
            shutil.move(target, folder)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partner-event-relay"

"""The catalog as it was in a git revision."""

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from relay.catalog import loader
from relay.catalog.event_type import EventType


class NoRevision(Exception):
    """git has no such revision, or there is no git; the message says what it said."""


def load_revision(folder: Path, revision: str) -> tuple[EventType, ...]:
    """Return the event types that a folder had in a revision, none if it was not there.

    Raise NoRevision, and ConfigError if what was there cannot be read.
    """
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    name = folder.resolve().name
    if not _git(folder, "ls-tree", commit.decode(), "--", f"{name}/"):
        return ()
    archive = _git(folder, "archive", "--format=tar", commit.decode(), "--", name)
    with tempfile.TemporaryDirectory() as temporary, tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(temporary, filter="data")
        return loader.load(Path(temporary) / name)


def _git(folder: Path, *arguments: str) -> bytes:
    """Return what git prints in the folder above. Raise NoRevision."""
    command = ["git", "-C", str(folder.resolve().parent), *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True)
    except OSError as error:
        raise NoRevision(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        raise NoRevision(done.stderr.decode("utf-8", "replace").strip() or "there is no such revision")
    return done.stdout

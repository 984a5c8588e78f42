"""The catalog of a git revision is read as it was there."""

import subprocess
from pathlib import Path

import pytest

from relay.errors import ConfigError
from relayctl.catalog.revision import NoRevision, load_revision

PAID = "since = 2026-11-22\nsample = '{}'\nschema = '{}'\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder of a repository: its revision `first` has no catalog, `second` one, `third` a damaged one."""
    folder = tmp_path / "relay"
    (folder / "events").mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    for tag, content in (("first", None), ("second", PAID), ("third", "=")):
        if content:
            (folder / "events" / "order.paid.toml").write_text(content, "utf-8")
            git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(tmp_path, "tag", tag)
    return folder


def git(folder: Path, *arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True)


def test_the_catalog_is_that_of_the_revision(repository: Path) -> None:
    assert load_revision(repository / "events", "first") == ()
    assert [each.detail_type for each in load_revision(repository / "events", "second")] == ["order.paid"]


def test_a_damaged_catalog_of_a_revision_is_refused(repository: Path) -> None:
    with pytest.raises(ConfigError, match=r"events/order\.paid\.toml: is not TOML"):
        load_revision(repository / "events", "third")


@pytest.mark.parametrize("revision", ["nowhere", "--help", "", "first:relay"])
def test_what_is_no_revision_is_refused(repository: Path, revision: str) -> None:
    with pytest.raises(NoRevision):
        load_revision(repository / "events", revision)


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRevision, match="not a git repository"):
        load_revision(tmp_path / "events", "main")

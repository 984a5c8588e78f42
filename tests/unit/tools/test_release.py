"""What a release needs: a changelog in its form, upgrade notes, archives without traces of who built them."""

import io
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools import release
from tools.release import ROOT, ReleaseError

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- New.\n\n## [0.1.0] - 2026-01-31\n\n### Fixed\n\n- Old.\n"
UPGRADE = "# Upgrade\n\n## Notes\n\n### 0.2.0\n\nDeploy twice.\n\n### 0.1.0\n\nNothing.\n\n## More\n"


def test_the_changelog_and_the_upgrade_page_are_as_a_release_needs_them() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changelog, upgrade = ((ROOT / path).read_text("utf-8") for path in ("CHANGELOG.md", "docs/how-to/upgrade.md"))
    assert release.notes(version, changelog, upgrade).startswith(f"# Partner Event Relay {version}\n\n## Upgrade\n")


def test_notes_are_those_of_the_version_and_no_others() -> None:
    assert release.notes("0.1.0", CHANGELOG, UPGRADE) == (
        "# Partner Event Relay 0.1.0\n\n## Upgrade\n\nNothing.\n\n### Fixed\n\n- Old.\n"
    )


def test_a_version_without_a_section_of_its_own_has_what_is_not_released() -> None:
    assert "Deploy twice.\n\n### Added\n\n- New.\n" in release.notes("0.2.0", CHANGELOG, UPGRADE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[Unreleased]", "Unreleased", 'got "Unreleased"'),
        ("[0.1.0] - 2026-01-31", "[0.1.0]", 'got "[0.1.0]"'),
        ("### Added", "### News", "has ['News']"),
        ("### Added\n\n- New.\n\n", "", "says nothing of 0.2.0"),
    ],
)
def test_a_changelog_in_another_form_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ReleaseError, match=re.escape(message)):
        release.notes("0.2.0", CHANGELOG.replace(old, new, 1), UPGRADE)


def test_a_version_without_upgrade_notes_is_refused() -> None:
    with pytest.raises(ReleaseError, match=re.escape('no "### 0.3.0"')):
        release.notes("0.3.0", CHANGELOG, UPGRADE)


def archive(names: list[str], time: int, owner: str, mode: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as members:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname, member.mode = len(name), time, owner, mode
            members.addfile(member, io.BytesIO(name.encode()))
    return packed.getvalue()


def test_archives_of_the_same_files_become_the_same_bytes() -> None:
    one = release.normalize(archive(["a", "b"], 1, "me", 0o600))
    assert one == release.normalize(archive(["b", "a"], 2, "you", 0o664))
    assert one != release.normalize(archive(["a", "c"], 1, "me", 0o600))
    with tarfile.open(fileobj=io.BytesIO(one)) as members:
        assert {member.name: members.extractfile(member).read() for member in members} == {"a": b"a", "b": b"b"}  # type: ignore[union-attr] # files


def wheel(path: Path, names: set[str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names | {"partner_event_relay-0.1.0.dist-info/METADATA"}:
            archive.writestr(name, "")
    return path


def test_the_wheel_has_what_the_packages_need_and_nothing_else(tmp_path: Path) -> None:
    names = release.wheel_files(release._tracked())
    # What pip, the compiler, the functions and `relayctl init` read.
    assert {
        "partner_event_relay/functions/locks/requirements-function.txt",
        "partner_event_relay/functions/pyodide/package-lock.json",
        "relay/config/presets.toml",
        "relay/page/static/index.html",
        "relay_local/requirements-runtime.txt",
        "relayctl/starter/files/cdk.json",
    } <= names
    release.check_wheel(wheel(tmp_path / "whole.whl", names))
    with pytest.raises(ReleaseError, match=re.escape("lacks ['relay/config/presets.toml']")):
        release.check_wheel(wheel(tmp_path / "less.whl", names - {"relay/config/presets.toml"}))
    with pytest.raises(ReleaseError, match=re.escape("has ['relay_local/samples/samples.toml']")):
        release.check_wheel(wheel(tmp_path / "more.whl", names | {"relay_local/samples/samples.toml"}))


def test_the_version_is_written_in_one_place() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")]
    named = [str(page.relative_to(ROOT)) for page in pages if version in page.read_text("utf-8")]
    assert named == ["docs/how-to/upgrade.md"]  # where the notes of each version are

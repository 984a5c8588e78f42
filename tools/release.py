"""Make the files of a release in .build/dist, and check them: `make release-check`. Nothing is uploaded.

They are the source archive and the wheel, built twice and the same both times, the CloudFormation template of a new
project, a CycloneDX SBOM of each lock that users install or deploy, the release's notes, and the digests of these.
"""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

from partner_event_relay.template import write_template
from relayctl import starter

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / ".build" / "release" / "bin"
DIST = ROOT / ".build" / "dist"
LOCKS = "infra/partner_event_relay/functions/locks"
SBOMS = {
    "function": tuple(f"{LOCKS}/requirements-{name}.txt" for name in ("function", "cryptography", "control")),
    "operator": ("requirements.txt",),
}
WHEEL = {
    "infra/partner_event_relay/": "",
    "lambda_src/relay/": "",
    "relay_local/": r"[\w-]+\.(py|txt|typed)|emulator/\w+\.py",
    "relayctl/": "",
}
"""What the wheel has: the folders of its packages, and which of their files; empty for all of them."""
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
UNRELEASED = "Unreleased"


class ReleaseError(Exception):
    """Something is not as a release needs it; the message says what to do."""


def main() -> None:
    """Make and check the files. Exit with a message that says what is wrong."""
    try:
        version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
        text = notes(
            version,
            (ROOT / "CHANGELOG.md").read_text("utf-8"),
            (ROOT / "docs" / "how-to" / "upgrade.md").read_text("utf-8"),
        )
        shutil.rmtree(DIST, ignore_errors=True)
        build_twice(DIST)
        packages = sorted(DIST.iterdir())
        _run("twine", "check", "--strict", *map(str, packages))
        [wheel] = DIST.glob("*.whl")
        check_wheel(wheel)
        _write_template(DIST / f"partner-event-relay-{version}-cloudformation.zip")
        for name, locks in SBOMS.items():
            _write_sbom(DIST / f"partner-event-relay-{version}-{name}.cdx.json", locks)
        (DIST / "RELEASE_NOTES.md").write_text(text, "utf-8")
        digests = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(DIST.iterdir())]
        (DIST / "SHA256SUMS").write_text("".join(digests), "utf-8")
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"release: {Path(error.cmd[0]).name} failed:\n{error.stdout}{error.stderr}")
    print(f"release: {version} is in {DIST.relative_to(ROOT)}: the files of {len(packages)} packages are reproducible")


def notes(version: str, changelog: str, upgrade: str) -> str:
    """Return a release's notes: its upgrade notes, then its section of the changelog.

    Until the section has the version's name it is the one of what is not released.
    Raise ReleaseError if the changelog is not in the form of Keep a Changelog, or one of the two parts is missing.
    """
    sections = changelog_sections(changelog)
    changes = sections.get(version) or sections.get(UNRELEASED) or ""
    if not changes.strip():
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}: write what users notice under [{UNRELEASED}]")
    match = re.search(rf"^### {re.escape(version)}\n(.*?)(?=^##|\Z)", upgrade, re.MULTILINE | re.DOTALL)
    if not match or not match[1].strip():
        raise ReleaseError(f'docs/how-to/upgrade.md has no "### {version}": say what people do who upgrade to it')
    return f"# Partner Event Relay {version}\n\n## Upgrade\n\n{match[1].strip()}\n\n{changes.strip()}\n"


def changelog_sections(changelog: str) -> dict[str, str]:
    """Return the text of each version's section by its version.

    Raise ReleaseError for a heading that https://keepachangelog.com does not know.
    """
    sections = {}
    for part in re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        match = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}|\[(Unreleased)\]", heading)
        if not match:
            raise ReleaseError(f'CHANGELOG.md: expected "[{UNRELEASED}]" or "[1.2.3] - 2026-01-31", got "{heading}"')
        if unknown := set(re.findall(r"^### (.*)$", text, re.MULTILINE)) - set(KINDS):
            raise ReleaseError(f"CHANGELOG.md: {heading} has {sorted(unknown)}; expected some of {', '.join(KINDS)}")
        sections[match[1] or match[2]] = text
    return sections


def build_twice(target: Path) -> None:
    """Build the source archive and the wheel into `target`. Raise ReleaseError if a second build differs."""
    with tempfile.TemporaryDirectory() as temporary:
        for number, folder in enumerate((target, Path(temporary) / "again")):
            sources = Path(temporary) / f"sources-{number}"
            copy_tracked(sources)
            _run("python", "-m", "build", "--no-isolation", "--outdir", str(folder), cwd=sources)
            for archive in folder.glob("*.tar.gz"):
                archive.write_bytes(normalize(archive.read_bytes()))
        again = {path.name: path.read_bytes() for path in (Path(temporary) / "again").iterdir()}
        if different := [path.name for path in target.iterdir() if path.read_bytes() != again.get(path.name)]:
            raise ReleaseError(f"{different} differ from one build to the next")


def check_wheel(wheel: Path) -> None:
    """Raise ReleaseError if the wheel has anything else than the packages' files that git tracks."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = wheel_files(_tracked())
    if missing := expected - names:
        raise ReleaseError(f"{wheel.name} lacks {sorted(missing)}: see package-data in pyproject.toml")
    if unexpected := names - expected:
        raise ReleaseError(f"{wheel.name} has {sorted(unexpected)}, which git does not track or nobody needs")


def wheel_files(tracked: list[str]) -> set[str]:
    """Return the names that the tracked files of the packages have in the wheel."""
    files = set()
    for folder, pattern in WHEEL.items():
        package = folder.rstrip("/").rpartition("/")[2]
        inside = (name.removeprefix(folder) for name in tracked if name.startswith(folder))
        files |= {f"{package}/{name}" for name in inside if not pattern or re.fullmatch(pattern, name)}
    return files


def _write_template(file: Path) -> None:
    """Write an archive of what `relayctl template` makes of a new project: the form of a release without the CDK."""
    with tempfile.TemporaryDirectory() as temporary:
        project = starter.Project("aws.partner/acme.example", ["us-east-1"])
        config = Path(temporary) / starter.RELAY_TOML
        config.write_text(project.relay_toml(), "utf-8")
        paths = write_template(Path(temporary) / "build", config, json.loads(starter.template("cdk.json"))["context"])
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(paths):
                archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())


def copy_tracked(target: Path) -> None:
    """Copy the files that git tracks: nothing that happens to lie here gets into a release."""
    for name in _tracked():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path)


def _tracked() -> list[str]:
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return list(filter(None, listed.split("\0")))


def normalize(archive: bytes) -> bytes:
    """Return a .tar.gz with its members in order, and without the times and the owner of who has built it."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.mtime = int(_source_date())
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.pax_headers = {}
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(member, old.extractfile(member))
    return packed.getvalue()


def _write_sbom(file: Path, locks: tuple[str, ...]) -> None:
    """Write the CycloneDX document of what the locks name, with the hashes of its files."""
    with tempfile.TemporaryDirectory() as temporary:
        merged = Path(temporary) / "requirements.txt"
        entries = (entry for lock in locks for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text("utf-8").strip()))
        merged.write_text("\n".join(dict.fromkeys(entries)) + "\n", "utf-8")
        about = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
        options = ["--output-reproducible", "--output-format", "JSON", "--output-file", str(file)]
        _run("cyclonedx-py", "requirements", *about, *options, str(merged))


def _source_date() -> str:
    """Return the time of the last commit, in seconds since 1970."""
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _run(program: str, *arguments: str, cwd: Path = ROOT) -> None:
    """Run a program of the release's environment. Raise CalledProcessError."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _source_date()}
    command = [str(PROGRAMS / program), *arguments]
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    main()

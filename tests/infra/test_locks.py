"""What is installed is what the locks name: each package with its version and the hashes of its files."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {
    ".venv": "requirements-dev.txt",
    ".build/emulator": "relay_local/requirements-emulator.txt",
    ".build/runtime": "relay_local/requirements-runtime.txt",
}
FUNCTION = tuple(
    f"infra/partner_event_relay/functions/locks/requirements-{name}.txt" for name in ("function", "cryptography")
)
LOCKS = {
    "dev": "requirements-dev.txt",
    "local": "requirements.txt",
    "function": FUNCTION[0],
    "cryptography": FUNCTION[1],
    "emulator": ENVIRONMENTS[".build/emulator"],
    "runtime": ENVIRONMENTS[".build/runtime"],
    "lock": "requirements-lock.txt",
    "docs": "docs/requirements.txt",
    "release": "requirements-release.txt",
}
GROUPS: dict[str, list[Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
# Python's own installer, and this project.
NOT_LOCKED = {"pip", "partner-event-relay"}


def locked(path: str) -> dict[str, tuple[Requirement, int]]:
    """Return each requirement of a lock by name, with the number of its hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / path).read_text("utf-8"), flags=re.MULTILINE)
    requirements: dict[str, tuple[Requirement, int]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split("--hash=sha256:")
        parsed = Requirement(requirement.strip())
        requirements[canonicalize_name(parsed.name)] = (parsed, len(hashes))
    return requirements


def direct(group: str) -> Iterator[Requirement]:
    """Yield what a dependency group of pyproject.toml names, with the groups that it includes."""
    for item in GROUPS[group]:
        if isinstance(item, str):
            yield Requirement(item)
        else:
            yield from direct(item["include-group"])


def test_what_the_package_requires_allows_the_versions_that_it_is_tested_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [project["dependencies"], *project["optional-dependencies"].values()]
    tested = locked("requirements-dev.txt")
    for requirement in (Requirement(text) for texts in declared for text in texts):
        if requirement.name not in NOT_LOCKED:
            [version] = tested[canonicalize_name(requirement.name)][0].specifier
            assert requirement.specifier.contains(version.version), requirement


@pytest.mark.parametrize(("environment", "lock"), ENVIRONMENTS.items())
def test_an_environment_has_exactly_the_packages_of_its_lock(environment: str, lock: str) -> None:
    folders = (ROOT / environment).glob("lib*/python*/site-packages")
    installed = {
        canonicalize_name(distribution.name): distribution.version
        for distribution in distributions(path=[str(folder) for folder in folders])
    }
    wanted = {
        name: str(requirement.specifier).removeprefix("==")
        for name, (requirement, _) in locked(lock).items()
        if not requirement.marker or requirement.marker.evaluate()
    }
    assert {name: version for name, version in installed.items() if name not in NOT_LOCKED} == wanted


@pytest.mark.parametrize(("group", "lock"), LOCKS.items())
def test_a_lock_has_one_version_and_the_hashes_of_each_package(group: str, lock: str) -> None:
    packages = locked(lock)
    assert [
        name for name, (requirement, hashes) in packages.items() if not hashes or "==" not in str(requirement.specifier)
    ] == []
    assert {str(packages[canonicalize_name(requirement.name)][0].specifier) for requirement in direct(group)} == {
        str(requirement.specifier) for requirement in direct(group)
    }


@pytest.mark.parametrize("lock", LOCKS.values())
def test_a_lock_names_no_registry_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert re.findall(r"https?://|file:|--(?:index|extra-index|find-links)|(?:^|\s)\.{0,2}/", text) == []


def test_what_several_locks_name_has_one_version() -> None:
    dev = locked("requirements-dev.txt")
    for lock in ("requirements.txt", *FUNCTION):
        assert {name: str(requirement.specifier) for name, (requirement, _) in locked(lock).items()}.items() <= {
            name: str(requirement.specifier) for name, (requirement, _) in dev.items()
        }.items()


@pytest.mark.parametrize("lock", FUNCTION)
def test_a_lock_of_the_function_has_no_markers_which_pip_would_evaluate_on_this_machine(lock: str) -> None:
    assert [name for name, (requirement, _) in locked(lock).items() if requirement.marker] == []


def test_the_build_backend_is_locked() -> None:
    [backend] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert Requirement(backend).specifier == locked("requirements.txt")["setuptools"][0].specifier


def test_the_demo_installs_no_library_of_a_sender_that_it_does_not_run() -> None:
    senders = {canonicalize_name(Requirement(item).name) for item in GROUPS["oracles"]}
    assert senders & set(locked("requirements.txt")) == set()


@pytest.mark.parametrize("lock", ["package-lock.json", "relay_local/inspector/codemirror/package-lock.json"])
def test_every_npm_package_has_its_digest_and_none_runs_a_script(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text("utf-8"))["packages"]
    del packages[""]
    assert packages
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in packages.items() if package.get("hasInstallScript")] == []
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text("utf-8").splitlines()

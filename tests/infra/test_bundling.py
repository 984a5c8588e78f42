"""The function's dependencies are installed once for each lock, and never taken from another one's folder."""

import os
import shutil
from pathlib import Path

import pytest

from infra.functions.bundling import LAMBDA_PLATFORM, Package, installed_folder

ROOT = Path(__file__).parents[2]


def test_dependencies_that_are_installed_are_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    local = Package(ROOT / "relay.toml", local=True, cryptography=False)
    folder = local.dependencies()
    # From here on pip finds nothing to install.
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    assert local.dependencies() == folder
    assert (folder / "botocore").is_dir()


def test_another_lock_has_another_folder(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1", "utf-8")
    first = installed_folder((), (lock,))
    assert installed_folder((), (lock,)) == first
    lock.write_text("a==2", "utf-8")
    assert installed_folder((), (lock,)) != first


def test_another_platform_has_another_folder() -> None:
    folders = {installed_folder(platform, ()) for platform in ((), LAMBDA_PLATFORM)}
    assert len(folders) == 2


def test_the_catalog_is_in_the_control_api_s_package_alone(tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    shutil.copyfile(ROOT / "relay.toml", config)
    catalog = tmp_path / "events"
    catalog.mkdir()
    (catalog / "order.paid.toml").write_text("since = 2026-11-22", "utf-8")
    (catalog / "notes.txt").write_text("for us alone", "utf-8")
    for control in True, False:
        Package(config, local=True, cryptography=False, control=control).build(tmp_path / str(control))
    assert [path.name for path in (tmp_path / "True" / "events").iterdir()] == ["order.paid.toml"]
    assert not (tmp_path / "False" / "events").exists()

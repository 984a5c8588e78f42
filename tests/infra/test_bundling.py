"""The function's dependencies are installed once for each lock, and its package is compiled whatever Python is here."""

import _imp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from partner_event_relay.functions import compiler
from partner_event_relay.functions.bundling import LAMBDA_PLATFORM, Package, installed_folder

ROOT = Path(__file__).parents[2]
MINIMAL = """
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
[[route]]
name = "orders"
path = "/orders"
auth = { scheme = "standard-webhooks", secret = "acme/orders" }
event = { source = "aws.partner/acme.example/orders", detail_type = "a" }
"""


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


def test_two_relays_of_one_app_have_a_relay_toml_each(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "out"))
    assets = []
    for name in "orders", "tickets":
        config = tmp_path / name / "relay.toml"
        config.parent.mkdir()
        config.write_text(MINIMAL.replace("orders", name), "utf-8")
        code = Package(config, local=True, cryptography=False).code()
        location = code.bind(cdk.Stack(app, name)).s3_location
        assert location
        assets.append(tmp_path / "out" / f"asset.{location.object_key.removesuffix('.zip')}")
    for name, asset in zip(("orders", "tickets"), assets, strict=True):
        assert f"path='/{name}'" in (asset / "relay_toml.py").read_text("utf-8")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the largest packages for Lambda: of the functions, and of the control API."""
    folders = []
    for control in False, True:
        folder = tmp_path_factory.mktemp("package")
        Package(ROOT / "relay.toml", local=False, cryptography=True, control=control).build(folder)
        folders.append(folder)
    return folders


LAMBDA_PYTHON = "cpython-313"
# https://github.com/python/cpython/blob/3.13/Include/internal/pycore_magic_number.h
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # https://peps.python.org/pep-0552/


def test_every_module_for_lambda_is_compiled_for_its_python_from_the_source_that_is_beside_it(
    packages: list[Path],
) -> None:
    for package in packages:
        sources = list(package.rglob("*.py"))
        assert len(sources) > 500
        for source in sources:
            compiled = source.parent / "__pycache__" / f"{source.stem}.{LAMBDA_PYTHON}.pyc"
            digest = _imp.source_hash(int.from_bytes(MAGIC, "little"), source.read_bytes())
            assert compiled.read_bytes()[:16] == MAGIC + UNCHECKED_HASH + digest, source


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="needs the version of Python that Lambda runs")
def test_lambdas_python_runs_what_was_compiled_and_never_looks_at_the_sources(
    packages: list[Path], tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(packages[0] / "relay", package / "relay")
    for source in package.rglob("*.py"):
        source.write_text("raise AssertionError('compiled again')", "utf-8")
    program = "from relay.http.request import parse_event; print(parse_event({'httpMethod': 'POST', 'path': '/'}, 1))"
    python = [sys.executable, "-B", "-c", program]
    done = subprocess.run(python, cwd=package, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Request(method='POST', path='/'"), done.stderr


def test_a_module_that_cannot_be_compiled_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def", "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        compiler.compile_for_lambda(tmp_path)

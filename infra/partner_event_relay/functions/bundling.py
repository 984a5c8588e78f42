"""Builds the function's package with pip, without Docker, for Lambda's platform or for this machine."""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

import relay
from partner_event_relay.functions import compiler
from relay.catalog.loader import catalog_path
from relay.config import compiler as config_compiler
from relay.config import parse
from relay.config.compiled import MODULE

SOURCES = Path(relay.__file__).parent  # in a clone and where the wheel is installed
INSTALLED = Path(".build") / "function"  # below the working directory: what is installed may be read-only
LOCKS = Path(__file__).with_name("locks")
REQUIREMENTS = LOCKS / "requirements-function.txt"
CRYPTOGRAPHY = LOCKS / "requirements-cryptography.txt"
CONTROL = LOCKS / "requirements-control.txt"

CONFIG_MODULE = f"{MODULE}.py"
RUNTIME = lambda_.Runtime.PYTHON_3_13
LAMBDA_PLATFORM = (
    "--platform=manylinux2014_aarch64",
    "--platform=manylinux_2_28_aarch64",
    "--implementation=cp",
    "--python-version=3.13",
)
# Only what the lock names with its hash: building a source distribution would run code that no lock names.
PIP_INSTALL = (
    "install",
    "--quiet",
    "--no-compile",
    "--disable-pip-version-check",
    "--require-hashes",
    "--only-binary=:all:",
)
# pip writes these itself, with paths of this machine; all other files are as in the wheels.
WRITTEN_BY_PIP = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
# Subpackages of Powertools that the function does not import, not even indirectly.
EVENT_HANDLER = ("event_handler", "utilities/data_classes")  # the control API's alone
UNUSED_POWERTOOLS = (
    *EVENT_HANDLER,
    "utilities/auth_alpha",
    "utilities/batch",
    "utilities/circuit_breaker",
    "utilities/data_masking",
    "utilities/feature_flags",
    "utilities/kafka",
    "utilities/parameters",
    "utilities/parser",
    "utilities/streaming",
    "utilities/validation",
)
# botocore's descriptions of 400 services would be most of the package; the function calls these services.
SERVICES = {"dynamodb", "events", "firehose", "s3", "secretsmanager", "sqs", "ssm"}


@dataclass(frozen=True)
class Package:
    """The function's package: the relay, its relay.toml (`config`), compiled, and the packages they need.

    `local`: for this machine instead of Lambda. `cryptography`: with the packages for public-key signatures and JSON
    Web Tokens, which double its size. `control`: with those of the control API, and with the event catalog.
    """

    config: Path
    local: bool
    cryptography: bool
    control: bool = False

    def code(self) -> lambda_.Code:
        """Return the asset. Its hash is that of its content, so the same sources give the same template."""
        # The CDK takes two assets of the same folder for one, unless their options differ: the second relay of an app
        # would have the first one's routes, secrets and customers.
        config = self.config.resolve()
        package = replace(self, config=config)
        environment = {"PACKAGE": f"{package} {hashlib.sha256(config.read_bytes()).hexdigest()}"}
        return lambda_.Code.from_asset(
            str(SOURCES),
            asset_hash_type=cdk.AssetHashType.OUTPUT,
            bundling=cdk.BundlingOptions(image=RUNTIME.bundling_image, local=_Pip(self), environment=environment),
        )

    def build(self, target: Path) -> None:
        """Write the package into `target`. Raise ConfigError, or CalledProcessError if pip or the compiler fails."""
        shutil.copytree(self.dependencies(), target, dirs_exist_ok=True)
        shutil.copytree(SOURCES, target / "relay", ignore=shutil.ignore_patterns("__pycache__"))
        write_config(self.config, target)
        if self.control and (catalog := catalog_path(self.config)).is_dir():
            shutil.copytree(catalog, target / catalog.name, ignore=_all_but_event_types)
        self._compile(target, "relay", CONFIG_MODULE)
        _set_modes(target)

    def dependencies(self) -> Path:
        """Return a folder with what the package needs beside the relay, installed and compiled once for each lock.

        Raise CalledProcessError if pip or the compiler fails.
        """
        platform = () if self.local else LAMBDA_PLATFORM
        locks = (
            REQUIREMENTS,
            *((CRYPTOGRAPHY,) if self.cryptography else ()),
            *((CONTROL,) if self.control else ()),
        )
        folder = installed_folder(platform, (*locks, *(() if self.local else (compiler.SCRIPT, compiler.LOCK))))
        if folder.exists():
            return folder
        INSTALLED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=INSTALLED) as temporary:
            target = Path(temporary) / "installed"
            pip = [sys.executable, "-m", "pip", *PIP_INSTALL, *platform, "--target", str(target)]
            subprocess.run([*pip, *(f"--requirement={lock}" for lock in locks)], check=True)
            _remove_unused(target, keep=EVENT_HANDLER if self.control else ())
            self._compile(target)
            with suppress(OSError):  # another process has installed the same meanwhile
                target.rename(folder)
        return folder

    def _compile(self, target: Path, *parts: str) -> None:
        """Compile these folders and modules of the package, or all of it, for where it will run."""
        (compiler.compile_for_this_machine if self.local else compiler.compile_for_lambda)(target, *parts)


def write_config(config: Path, target: Path) -> None:
    """Write a relay.toml into a package as the module that the functions import. Raise ConfigError.

    Without the stage's prefix, which is in the environment: so all stages have the same package.
    """
    text = config_compiler.dump(parse(config.read_text("utf-8"), config.name))
    (target / CONFIG_MODULE).write_text(text, "utf-8")


def installed_folder(platform: tuple[str, ...], locks: tuple[Path, ...]) -> Path:
    """Return the folder of what pip installs from these locks for a platform.

    Its name is a hash of all that decides what is in it: the platform, the Python, these modules and the locks.
    """
    machine = "\n".join([*platform, sysconfig.get_platform(), sys.version]).encode()
    content = [machine, *(path.read_bytes() for path in (Path(__file__), Path(compiler.__file__), *locks))]
    return INSTALLED.resolve() / hashlib.sha256(b"\0".join(content)).hexdigest()


def _remove_unused(target: Path, keep: Collection[str]) -> None:
    """Remove from what pip has installed whatever names this machine and whatever the function never imports.

    `keep` names the parts of Powertools that this package needs.
    """
    shutil.rmtree(target / "bin", ignore_errors=True)  # its scripts name this machine's Python
    for metadata in target.glob("*.dist-info"):
        for name in WRITTEN_BY_PIP:
            (metadata / name).unlink(missing_ok=True)
    for data in (target / "botocore" / "data").iterdir():
        if data.is_dir() and data.name not in SERVICES:
            shutil.rmtree(data)
    for unused in (part for part in UNUSED_POWERTOOLS if part not in keep):
        shutil.rmtree(target / "aws_lambda_powertools" / unused)


def _all_but_event_types(_: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".toml")]


def _set_modes(target: Path) -> None:
    """Let everyone read the package: the archive keeps the modes, which depend on the umask of who builds it."""
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@jsii.implements(cdk.ILocalBundling)
class _Pip:
    """Bundle with pip: the CDK tries this before it would start Docker."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Return True, or raise CalledProcessError: a failure is never a reason to try Docker."""
        self._package.build(Path(output_dir))
        return True

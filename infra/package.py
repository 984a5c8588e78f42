"""Builds the function's package with pip, without Docker, for Lambda's platform or for this machine."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "lambda_src"
REQUIREMENTS = ROOT / "requirements-function.txt"
CRYPTOGRAPHY = ROOT / "requirements-cryptography.txt"

RUNTIME = lambda_.Runtime.PYTHON_3_13
LAMBDA_PYTHON = (3, 13)
LAMBDA_PLATFORM = (
    "--platform=manylinux2014_aarch64",
    "--platform=manylinux_2_28_aarch64",
    "--implementation=cp",
    "--python-version=3.13",
)
# Only what a lock names with its hash; building a source distribution would download and run what no lock names.
PIP_INSTALL = (
    "install",
    "--quiet",
    "--no-compile",
    "--disable-pip-version-check",
    "--require-hashes",
    "--only-binary=:all:",
)
# pip writes these itself, with paths of this machine; all else in the package is as in the wheels.
WRITTEN_BY_PIP = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
# Of Powertools, what neither the function nor what it uses imports.
UNUSED = (
    "event_handler",
    "utilities/auth_alpha",
    "utilities/circuit_breaker",
    "utilities/data_masking",
    "utilities/feature_flags",
    "utilities/kafka",
    "utilities/parameters",
    "utilities/parser",
    "utilities/streaming",
    "utilities/validation",
)
# botocore's descriptions of 400 services are most of the package; the function calls these.
SERVICES = {"dynamodb", "events", "s3", "secretsmanager", "sqs", "ssm"}


@dataclass(frozen=True)
class Package:
    """What goes into the function beside its requirements. `local`: for this machine instead of Lambda.

    `cryptography`: with what public-key signatures and tokens need, which doubles its size.
    """

    config: Path
    local: bool
    cryptography: bool

    def code(self) -> lambda_.Code:
        """The asset: its hash is that of its content, so the same sources give the same template."""
        return lambda_.Code.from_asset(
            str(SOURCES),
            asset_hash_type=cdk.AssetHashType.OUTPUT,
            bundling=cdk.BundlingOptions(image=RUNTIME.bundling_image, local=_Pip(self)),
        )

    def build(self, target: Path) -> None:
        """Write the package into `target`. Raises CalledProcessError if pip fails."""
        platform = () if self.local else LAMBDA_PLATFORM
        pip = [sys.executable, "-m", "pip", *PIP_INSTALL]
        requirements = [f"--requirement={REQUIREMENTS}"] + [f"--requirement={CRYPTOGRAPHY}"] * self.cryptography
        subprocess.run([*pip, *platform, "--target", str(target), *requirements], check=True)
        shutil.copytree(SOURCES / "relay", target / "relay", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(self.config, target / "relay.toml")
        shutil.rmtree(target / "bin", ignore_errors=True)  # its scripts name this machine's Python
        for metadata in target.glob("*.dist-info"):
            for name in WRITTEN_BY_PIP:
                (metadata / name).unlink(missing_ok=True)
        for data in (target / "botocore" / "data").iterdir():
            if data.is_dir() and data.name not in SERVICES:
                shutil.rmtree(data)
        for unused in UNUSED:
            shutil.rmtree(target / "aws_lambda_powertools" / unused)
        if compiler := self.compiler():
            _compile(compiler, target)
        _set_modes(target)

    def compiler(self) -> str | None:
        """The Python that can compile for where the package will run, if there is one here.

        Lambda's disk is read-only: what is not compiled in the package is compiled in every cold start, which makes
        it twice as long.
        """
        if self.local or sys.version_info[:2] == LAMBDA_PYTHON:
            return sys.executable
        name = "python{}.{}".format(*LAMBDA_PYTHON)
        found = shutil.which(name)
        if not found or subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode:
            return None  # or no more than the shim of a version manager
        return found


def _compile(python: str, target: Path) -> None:
    """Unchecked: Lambda's disk has the time stamps of its own. Always the same bytes for the same sources."""
    command = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
    subprocess.run([*command, "-s", str(target), "-p", "/var/task", str(target)], check=True, env=environment)


def _set_modes(target: Path) -> None:
    """Let everyone read the package: the archive keeps the modes, which depend on the umask of who builds it."""
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@jsii.implements(cdk.ILocalBundling)
class _Pip:
    """The CDK asks this before it would start Docker."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Always bundles: a failure is an exception, never a reason to try Docker."""
        self._package.build(Path(output_dir))
        return True

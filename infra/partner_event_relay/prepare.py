"""relay.toml → what the constructs take: its configuration, and the functions' code with it."""

import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from partner_event_relay import secrets
from partner_event_relay.errors import RelayError
from partner_event_relay.front import limits
from partner_event_relay.functions import compiler
from partner_event_relay.functions.bundling import Package
from partner_event_relay.stages import Stage
from relay import config
from relay.catalog.loader import catalog_path
from relay.catalog.loader import load as load_catalog
from relay.config.model import Config
from relay.errors import ConfigError


@dataclass(frozen=True)
class Prepared:
    """A configuration, and the functions' packages; only a relay.toml with `[destinations]` has `control_code`."""

    config: Config
    code: lambda_.Code
    control_code: lambda_.Code | None
    architecture: lambda_.Architecture


def prepare(path: Path, stage: Stage, *, local: bool) -> Prepared:
    """Read and check a relay.toml and return what a stage needs of it; `local` packages it for this machine.

    The packages are built when they are bound to a function. Raise RelayError with every mistake, one on a line.
    """
    relay = _load(path, stage)
    if problems := [*secrets.problems(relay.routes), *limits.problems(relay, stage)]:
        raise RelayError("\n".join(f"{path.name}: {problem}" for problem in problems))
    _check_machine(local=local)
    cryptography = any(route.auth.requires_cryptography for route in relay.routes)
    package = Package(path, local, cryptography=cryptography)
    control = Package(path, local, cryptography=cryptography, control=True)
    return Prepared(
        config=relay,
        code=package.code(),
        control_code=control.code() if relay.destinations else None,
        architecture=_architecture(local=local),
    )


def _load(path: Path, stage: Stage) -> Config:
    try:
        load_catalog(catalog_path(path))  # a mistake in it stops the deployment, not the functions
        return config.load(path).with_secret_prefix(stage.secret_prefix)
    except ConfigError as error:
        raise RelayError("\n".join(error.problems)) from error


def _check_machine(*, local: bool) -> None:
    """Raise RelayError if this machine cannot build the packages: inside of `cdk synth` nobody reads the reason."""
    if not importlib.util.find_spec("pip"):
        raise RelayError("the functions' packages are installed by pip, and this environment has none: install pip")
    if not local:
        try:
            compiler.install()
        except compiler.CompilerError as error:
            raise RelayError(str(error)) from error


def _architecture(*, local: bool) -> lambda_.Architecture:
    """Return Lambda's cheaper processor, or this machine's if the function runs here."""
    arm = not local or platform.machine() in {"aarch64", "arm64"}
    return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64

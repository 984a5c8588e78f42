"""Write the requirements files: each package of each environment, with its version and the hashes of its files.

`make lock` runs this after a change of the dependency groups in pyproject.toml; `make lock UPGRADE=1` also takes newer
versions of what only those packages need. uv resolves for every system at once, then each file is checked against each
Python and platform that CONTRIBUTING.md names: a package without a wheel for one of them fails here, not at a newcomer.
"""

import argparse
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uv

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
LINUX = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
MACOS = ("aarch64-apple-darwin",)
UNIVERSAL = ("--universal",)
# pip evaluates environment markers on the machine that builds the package, not on Lambda: these files have none.
LAMBDA = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")
COMPILE = ("pip", "compile", "--quiet", "--generate-hashes", "--no-annotate", "--custom-compile-command", "make lock")
# As the Makefile installs them.
CHECK = ("pip", "install", "--quiet", "--dry-run", "--require-hashes", "--only-binary=:all:")
FROM_SOURCE = ("--no-binary=phpserialize", "--no-build-isolation")


@dataclass(frozen=True)
class Lock:
    """One requirements file and the dependency group it is written from.

    `shared`: its packages have the versions of requirements-dev.txt, so that one environment can have both.
    """

    group: str
    path: str
    resolve: tuple[str, ...] = UNIVERSAL
    shared: bool = True
    platforms: tuple[str, ...] = (*LINUX, *MACOS)


FUNCTIONS = "infra/partner_event_relay/functions/locks"
DEV = Lock("dev", "requirements-dev.txt", shared=False)
LOCKS = (
    DEV,
    Lock("local", "requirements.txt"),
    Lock("function", f"{FUNCTIONS}/requirements-function.txt", LAMBDA),
    Lock("cryptography", f"{FUNCTIONS}/requirements-cryptography.txt", LAMBDA),
    Lock("control", f"{FUNCTIONS}/requirements-control.txt", LAMBDA),
    Lock("emulator", "relay_local/requirements-emulator.txt", shared=False),
    Lock(
        "runtime", "relay_local/requirements-runtime.txt", shared=False, platforms=LINUX
    ),  # awslambdaric has no others
    Lock("lock", "requirements-lock.txt", shared=False),
    Lock("docs", "docs/requirements.txt", shared=False),
    Lock("release", "requirements-release.txt", shared=False),
)


def main() -> None:
    """Write every lock and check it. Raise CalledProcessError with uv's message printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the groups allow")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    for lock in LOCKS:
        shared = ["--constraint", DEV.path] if lock.shared else []
        _uv([*COMPILE, *lock.resolve, *upgrade, *shared, "--group", lock.group, "--output-file", lock.path])
    for lock in LOCKS:
        for python in PYTHONS:
            for platform in lock.platforms:
                target = ["--python-version", python, "--python-platform", platform, "--target", ".build/lock/none"]
                _uv([*CHECK, *FROM_SOURCE, *target, "--requirements", lock.path])


def _uv(arguments: Sequence[str]) -> None:
    subprocess.run([uv.find_uv_bin(), *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()

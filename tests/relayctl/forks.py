"""Runs of `relayctl` as forks of one process that has imported it: half a second less for each of some hundreds.

`python -m tests.relayctl.forks` is that process: a line of JSON in, a run, its exit code out.
"""

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer.main


class Forks:
    """Start the process with an environment; `run` says what to run, and in which environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            env=dict(environment),
            stdin=subprocess.PIPE,  # it ends when this process does
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `relayctl` with these arguments and nothing else in its environment; wait for its end."""
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
            files[0].write_text(given, "utf-8")
            request = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "files": list(map(str, files))}
            print(json.dumps(request), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            out, err = (file.read_bytes().decode() if file.exists() else "" for file in files[1:])
            return subprocess.CompletedProcess(["relayctl", *arguments], code, out, err)


@functools.cache
def forks(environment: tuple[tuple[str, str], ...]) -> Forks:
    """Return the process of this worker, started with that environment when it is first asked for."""
    return Forks(dict(environment))


def _serve() -> None:
    from relayctl.main import app  # noqa: PLC0415 # only the process of its own imports it

    program = typer.main.get_command(app)
    with contextlib.redirect_stdout(io.StringIO()):
        program(["check"], standalone_mode=False)  # Typer imports some of its parts with the first command
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
            program(prog_name="relayctl")
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: Mapping[str, object]) -> None:
    """Take the place of a program that was started with these arguments, files and this environment."""
    arguments, files = request["arguments"], request["files"]
    assert isinstance(arguments, list)
    assert isinstance(files, list)
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, WRITE, WRITE), strict=True)):
        os.dup2(os.open(file, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 # what was read ahead is the parent's
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(dict(request["env"]))  # type: ignore[call-overload]  # JSON
    sys.argv = ["relayctl", *arguments]


WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

if __name__ == "__main__":
    _serve()

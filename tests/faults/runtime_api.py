"""Lambda's own runtime client in a process, with a Runtime API that also does what SnapStart and a frozen sandbox do.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; `restore/next` is in awslambdaric's source.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from relay_local.process import ROOT

RUNTIME = ROOT / ".build" / "runtime" / "bin" / "python"
TIMEOUT_MS = 29_000
WAIT_SECONDS = 60


class Sandbox:
    """One execution environment of a function."""

    def __init__(self, handler: str, environment: Mapping[str, str]) -> None:
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._said: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._restored = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._api())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        packages = sysconfig.get_path("purelib")
        self._process = subprocess.Popen(
            [str(RUNTIME), "-m", "awslambdaric", handler],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join([environment.get("PYTHONPATH", ""), str(ROOT / "lambda_src"), packages]),
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
                "LAMBDA_TASK_ROOT": str(ROOT / "lambda_src"),
                **{name: value for name, value in environment.items() if name != "PYTHONPATH"},
            },
            stdout=sys.stderr,
        )

    def initialized(self) -> None:
        """Wait until the snapshot may be taken. Raise AssertionError if the function does not start."""
        self._expect("snapshot")

    def restore(self) -> None:
        """Go on after the snapshot, and wait until the function asks for an invocation."""
        self._restored.set()
        self._expect("next")

    def invoke(self, event: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Return the function's answer, and the seconds it took."""
        begun = time.monotonic()
        self._events.put(event)
        answer: dict[str, Any] = self._expect("response")
        seconds = time.monotonic() - begun
        self._expect("next")
        return answer, seconds

    def freeze(self) -> None:
        """Stop every thread where it is, as Lambda does between two invocations."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill the function and close the Runtime API."""
        self._process.kill()
        self._process.wait()
        self._restored.set()
        self._server.shutdown()
        self._server.server_close()

    def _expect(self, wanted: str) -> Any:
        found, value = self._said.get(timeout=WAIT_SECONDS)
        assert found == wanted, value
        return value

    def _api(self) -> type[BaseHTTPRequestHandler]:
        sandbox = self

        class RuntimeApi(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                if self.path.endswith("/restore/next"):
                    sandbox._said.put(("snapshot", None))
                    sandbox._restored.wait(WAIT_SECONDS)
                    self._answer(200, b"{}", {})
                    return
                sandbox._said.put(("next", None))
                event = sandbox._events.get()
                deadline = int(time.time() * 1000) + TIMEOUT_MS
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": "request",
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:111111111111:function:ingest",
                }
                self._answer(200, json.dumps(event).encode(), headers)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
                sandbox._said.put(("response" if self.path.endswith("/response") else "error", body))
                self._answer(202, b"", {})

            def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Write nothing: standard error is the function's log."""

        return RuntimeApi


@contextmanager
def sandbox(handler: str, environment: Mapping[str, str]) -> Iterator[Sandbox]:
    """Return a function that starts; it is ended with the block."""
    made = Sandbox(handler, environment)
    try:
        yield made
    finally:
        made.end()

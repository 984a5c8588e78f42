"""Runs one function with awslambdaric, AWS's own runtime client, for the emulator.

The emulator copies this file and runs it with the runtime's Python. It writes JSON lines (`init`, then one envelope for
each invocation) and reads one JSON line for each; awslambdaric speaks HTTP to a Runtime API, which is served here.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import socketserver
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

invocations: "queue.Queue[dict[str, Any]]" = queue.Queue()
answers: "queue.Queue[dict[str, Any]]" = queue.Queue()


class RuntimeApi(BaseHTTPRequestHandler):
    """The four calls a runtime makes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms for each call otherwise

    def do_GET(self) -> None:
        """Answer `/invocation/next`: wait for an invocation. The first wait says that the function is ready."""
        answers.put({"status": "ready", "cold": True})
        envelope = invocations.get()
        context, body = envelope["ctx"], json.dumps(envelope["event"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")  # awslambdaric 4.2.2 crashes without it
        self.send_header("Lambda-Runtime-Aws-Request-Id", context["request_id"])
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + context["timeout_ms"]))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", context["invoked_function_arn"])
        if context.get("trace_id"):
            self.send_header("Lambda-Runtime-Trace-Id", context["trace_id"])
        self._end(body)

    def do_POST(self) -> None:
        """Answer `/invocation/{id}/response`, `/invocation/{id}/error`, `/init/error`."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        if self.path.endswith("/response"):
            answers.put({"status": "ok", "result": body})
        else:
            trace = "".join(body.get("stackTrace") or [])
            answers.put({"status": "error", "error": body.get("errorMessage", ""), "trace": trace})
        self.send_response(202)
        self._end(b"")

    def _end(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: standard error is the function's log."""


class Server(socketserver.ThreadingTCPServer):
    """One connection waits for the next invocation while another brings an answer."""

    daemon_threads = True


def main() -> None:
    """Serve one function until the emulator closes our standard input."""
    init = json.loads(sys.stdin.readline())
    server = Server(("127.0.0.1", 0), RuntimeApi)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        **init["env"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
        "LAMBDA_TASK_ROOT": init["code_dir"],
        "PYTHONPATH": init["code_dir"],
    }
    command = [sys.executable, "-m", "awslambdaric", f"{init['module']}.{init['handler']}"]
    runtime = subprocess.Popen(command, env=environment, cwd=init["code_dir"], stdout=sys.stderr)
    threading.Thread(target=_report_exit, args=(runtime,), daemon=True).start()
    _say(answers.get())
    for line in sys.stdin:
        invocations.put(json.loads(line))
        answer = answers.get()
        while answer["status"] == "ready":  # of the poll that followed the answer before this one
            answer = answers.get()
        _say(answer)
    runtime.kill()


def _report_exit(runtime: "subprocess.Popen[bytes]") -> None:
    code = runtime.wait()
    answers.put({"status": "error", "error": f"Runtime exited with {code}"})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

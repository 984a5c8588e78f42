"""An editor's TOML language server (Tombi) knows relay.toml by the schema that its first line names."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FOLDER

ROOT = FOLDER.parent
SHIPPED = (ROOT / "relay.toml").read_text("utf-8")


def tombi() -> str:
    program = shutil.which("tombi", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program, "make setup"
    return program


@pytest.fixture
def relay_toml(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "relay.schema.json", tmp_path)
    path = tmp_path / "relay.toml"
    path.write_text(SHIPPED, "utf-8")
    return path


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tombi(), "lint", "--offline", path.name], cwd=path.parent, capture_output=True, text=True, check=False
    )


class LanguageServer:
    """Tombi's language server over its standard input and output.

    https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
    """

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        self._process = process
        self._uri = path.as_uri()
        self._id = 0
        self.request("initialize", {"processId": None, "rootUri": path.parent.as_uri(), "capabilities": {}})
        self._send({"method": "initialized", "params": {}})

    def open(self, text: str) -> None:
        document = {"uri": self._uri, "languageId": "toml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def at(self, method: str, line: int, character: int) -> Any:
        """Return the answer at a position; the server has none until it has read the document and its schema."""
        position = {"line": line, "character": character}
        end = time.monotonic() + 20
        while time.monotonic() < end:
            answer = self.request(method, {"textDocument": {"uri": self._uri}, "position": position})
            if answer:
                return answer
        raise AssertionError(method)

    def request(self, method: str, params: Any) -> Any:
        """Return the result of a request; what the server asks itself meanwhile gets an empty answer."""
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            elif message.get("id") == self._id:
                return message["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


@pytest.fixture
def server(relay_toml: Path) -> Iterator[LanguageServer]:
    arguments = [tombi(), "lsp", "--offline"]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            yield LanguageServer(process, relay_toml)
        finally:
            process.kill()


def test_the_shipped_file_is_accepted(relay_toml: Path) -> None:
    linted = lint(relay_toml)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("detail_type", "detial_type"),
        ('preset = "github"', 'preset = "gitub"'),
        ("[[route]]", '[limits]\nbody = "1 mib"\n\n[[route]]'),
        ('partner = "aws.partner/', 'partner = "'),
    ],
)
def test_a_mistake_is_underlined(relay_toml: Path, old: str, new: str) -> None:
    relay_toml.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    assert lint(relay_toml).returncode == 1


def test_the_keys_of_a_route_are_completed(server: LanguageServer) -> None:
    lines = [*SHIPPED.splitlines(), "", "[[route]]", ""]
    server.open("\n".join(lines))
    answer = server.at("textDocument/completion", len(lines) - 1, 0)
    items = answer["items"] if isinstance(answer, dict) else answer
    assert {"name", "path", "preset", "auth", "event", "dedupe"} <= {item["label"] for item in items}


def test_a_key_is_explained(server: LanguageServer) -> None:
    server.open(SHIPPED)
    line = next(number for number, text in enumerate(SHIPPED.splitlines()) if text.startswith("partner"))
    assert "Your partner name" in json.dumps(server.at("textDocument/hover", line, 2))

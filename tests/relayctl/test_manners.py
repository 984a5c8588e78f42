"""How relayctl behaves in a terminal, in a pipe, in a shell and without AWS."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.relayctl.conftest import INTERRUPTIBLE, ROOT, Relayctl, clean_environment, program

PUSH = "relay_local/samples/github-push.json"
ESCAPE = "\x1b"


def test_the_version_is_that_of_the_package(relayctl: Relayctl) -> None:
    result = relayctl("--version")
    assert (result.returncode, result.stdout) == (0, f"relayctl {version('partner-event-relay')}\n")


@pytest.mark.parametrize(
    ("environment", "missing"),
    [({}, "No AWS Region is set: "), ({"AWS_REGION": "us-east-1"}, "No AWS credentials were found: ")],
)
def test_routes_are_listed_without_their_urls_where_no_aws_is_configured(
    relayctl: Relayctl, environment: dict[str, str], missing: str
) -> None:
    result = relayctl("routes", "--output", "json", **environment)
    assert result.returncode == 0
    routes = {row["route"]: row["url"] for row in json.loads(result.stdout)}
    assert routes == {"orders": None, "github": None, "stripe": None, "shopify": None}
    assert result.stderr.startswith(f"Without URLs: those of a deployed relay are read from its stack. {missing}")


def send_to(server: socket.socket) -> subprocess.Popen[str]:
    """Begin to post a webhook to `server`, without AWS."""
    url = f"http://127.0.0.1:{server.getsockname()[1]}/github"
    return subprocess.Popen(
        [*INTERRUPTIBLE, program(), "send", "github", PUSH, "--url", url, "--secret", "s"],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_payload_is_signed_and_posted_without_aws_when_the_secret_is_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = send_to(server)
        connection, _ = server.accept()
        with connection:
            assert b"x-hub-signature-256: sha256=" in connection.recv(65536).lower()
            connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            printed, messages = process.communicate()
    assert (process.returncode, printed, messages) == (0, "{}\n", "202 Accepted\n")


def test_an_interrupted_command_exits_with_130_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = send_to(server)
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, messages = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in messages


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (("account",), {"AWS_PROFILE": "nobody"}, "(nobody) could not be found: `aws configure list-profiles` lists "),
        (
            ("account",),
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            'connect to the endpoint URL: "http://127.0.0.1:1/": see --region, --endpoint-url ',
        ),
        (("map", "github", "nothing.json"), {}, "expected a file with the body, or - for standard input"),
        (("check", "--config", "nothing.toml"), {}, "nothing.toml: cannot be read: No such file or directory; see --c"),
        (("presets", "gihub"), {}, 'did you mean "github"?'),
        (("send", "github", PUSH, "--url", "http://127.0.0.1:1/", "--secret", "s"), {}, "`relayctl routes` shows the "),
    ],
)
def test_a_refusal_says_what_to_do_next(
    relayctl: Relayctl, arguments: tuple[str, ...], environment: dict[str, str], says: str
) -> None:
    result = relayctl(*arguments, **CREDENTIALS, **environment)
    assert result.returncode in {1, 2}
    assert says in result.stderr


CREDENTIALS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "test"}


def in_terminal(*arguments: str, **environment: str) -> str:
    """Return what `relayctl …` prints in a terminal of 80 columns."""
    terminal, end = pty.openpty()
    settings = {**clean_environment(), "TERM": "xterm-256color", "COLUMNS": "80", **environment}
    process = subprocess.Popen([program(), *arguments], cwd=ROOT, env=settings, stdout=end, stderr=end, stdin=end)
    os.close(end)
    printed = b""
    with os.fdopen(terminal, "rb", buffering=0) as reader:
        try:
            while chunk := reader.read(65536):
                printed += chunk
        except OSError:  # Linux's answer when the other end is closed
            pass
    process.wait()
    return printed.decode()


def test_a_terminal_gets_colors_unless_no_color_is_set() -> None:
    color = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert color.search(in_terminal("no-such-command"))
    assert not color.search(in_terminal("no-such-command", NO_COLOR="1"))


@pytest.mark.parametrize("arguments", [("no-such-command",), ("--help",), ("presets",), ("check",)])
def test_a_pipe_gets_no_escape_sequence(relayctl: Relayctl, arguments: tuple[str, ...]) -> None:
    result = relayctl(*arguments)
    assert ESCAPE not in result.stdout + result.stderr


def test_what_is_copied_from_a_table_is_whole_in_a_narrow_terminal() -> None:
    assert "https://docs.gitlab.com/user/project/integrations/webhooks" in in_terminal("presets", "--search", "gitlab")


def test_bash_completes_commands_routes_and_presets_once_it_is_installed(tmp_path: Path) -> None:
    environment = {**clean_environment(), "HOME": str(tmp_path), "PATH": f"{Path(program()).parent}:/usr/bin:/bin"}

    def bash(script: str) -> str:
        command = ["bash", "--rcfile", str(tmp_path / ".bashrc"), "-i", "-c", script]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return result.stdout

    def completions(*words: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in words)
        return bash(
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
            '_relayctl_completion relayctl; printf "%s\\n" "${COMPREPLY[@]}"'
        ).splitlines()

    bash("relayctl --install-completion; true")
    assert bash("complete -p relayctl").strip() == "complete -o default -F _relayctl_completion relayctl"
    assert completions("relayctl", "dead-l") == ["dead-letters"]
    assert completions("relayctl", "map", "s") == ["stripe", "shopify"]
    assert completions("relayctl", "presets", "show", "gitlab-") == ["gitlab-signed"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_are_given_a_script_and_the_names_that_it_asks_for(relayctl: Relayctl, shell: str) -> None:
    assert f"_RELAYCTL_COMPLETE=complete_{shell}" in relayctl(_RELAYCTL_COMPLETE=f"source_{shell}").stdout
    asked = {"_TYPER_COMPLETE_ARGS": "relayctl map s", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    offered = relayctl(_RELAYCTL_COMPLETE=f"complete_{shell}", **asked).stdout
    assert re.findall(r"\b(?:stripe|shopify|orders|github)\b", offered) == ["stripe", "shopify"]


def test_nothing_is_completed_where_relay_toml_cannot_be_read(relayctl: Relayctl, tmp_path: Path) -> None:
    (tmp_path / "relay.toml").write_text("[[route]")
    result = relayctl(
        _RELAYCTL_COMPLETE="complete_zsh",
        _TYPER_COMPLETE_ARGS=f"relayctl map --config {tmp_path}/relay.toml ",
    )
    assert "Traceback" not in result.stderr
    assert "stripe" not in result.stdout

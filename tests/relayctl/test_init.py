"""`relayctl init`: what it writes, for whom it asks, and what it refuses."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from relay import config
from relay.config import presets
from relay.errors import ConfigError
from relayctl import starter
from relayctl.starter import Project
from tests.relayctl.conftest import ROOT, Relayctl, clean_environment, program

ACME = ("--partner", "aws.partner/acme.example")
WRITTEN = {".gitignore", "README.md", "app.py", "cdk.json", "relay.toml", "requirements.txt"}


def test_a_project_is_written_whose_relay_toml_passes_the_check(relayctl: Relayctl, tmp_path: Path) -> None:
    folder = tmp_path / "relay"
    result = relayctl("init", str(folder), *ACME, "--region", "eu-west-1", "--region", "us-east-1")
    assert result.returncode == 0, result.stderr
    assert {path.name for path in folder.iterdir()} == WRITTEN
    assert relayctl("check", "--config", str(folder / "relay.toml")).returncode == 0
    relay = config.load(folder / "relay.toml")
    assert (relay.partner, relay.regions) == ("aws.partner/acme.example", ("eu-west-1", "us-east-1"))
    assert "create-secret --name dev/acme/standard-webhooks " in (folder / "README.md").read_text("utf-8")


def test_what_exists_is_never_overwritten_and_then_nothing_is_written(relayctl: Relayctl, tmp_path: Path) -> None:
    (tmp_path / "relay.toml").write_text("mine")
    result = relayctl("init", str(tmp_path), *ACME)
    assert result.returncode == 1
    assert f"relay.toml: in {tmp_path} already" in result.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"relay.toml": "mine"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "Use --partner"),
        (("--partner", "acme"), "partner"),
        ((*ACME, "--region", "eu-west"), "--region"),
        ((*ACME, "--sender", "githab"), 'no preset is named "githab"'),
        ((*ACME, "--sender", "discord"), "`relayctl presets show discord`"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_written(
    relayctl: Relayctl, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    result = relayctl("init", str(tmp_path / "relay"), *options)
    assert result.returncode == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_asks_for_what_no_option_says(tmp_path: Path) -> None:
    terminal, given = pty.openpty()
    os.write(terminal, b"aws.partner/acme.example\neu-west-1 us-east-1\ngithub\n")
    command = [program(), "init", str(tmp_path)]
    done = subprocess.run(command, stdin=given, env=clean_environment(), capture_output=True, text=True, check=False)
    os.close(terminal)
    os.close(given)
    assert done.returncode == 0, done.stderr
    relay = config.load(tmp_path / "relay.toml")
    assert (relay.regions, relay.routes[0].preset) == (("eu-west-1", "us-east-1"), "github")


def test_a_project_can_begin_with_every_sender_that_needs_no_value_of_the_users_own() -> None:
    refused = set()
    for sender in presets.load():
        try:
            Project("aws.partner/acme.example", ["us-east-1"], sender).files()
        except ConfigError:
            refused.add(sender)
    assert "discord" in refused  # its public key is the user's own
    assert len(refused) < len(presets.load()) / 6


def test_who_is_no_partner_yet_begins_with_an_ordinary_bus() -> None:
    text = Project("aws.partner/acme.example", ["us-east-1"], "github", bus="default").files()["relay.toml"]
    [route] = config.parse(text, "relay.toml").routes
    assert route.bus == "default"
    assert 'source = "acme.github"' in text  # EventBridge refuses one that begins with "aws."


def test_the_feature_flags_are_those_that_the_stack_is_checked_with() -> None:
    ours = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    assert json.loads(starter.template("cdk.json"))["context"] == ours | {"stages": {}}

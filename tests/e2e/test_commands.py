"""The commands of the README, run as a reader would."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from relay_local.process import ROOT

BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def run(module: str) -> "subprocess.Popen[str]":
    """Start a `python -m` of the Makefile as a script does in the background: with SIGINT ignored."""
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", module]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def running() -> Iterator[list[str]]:
    """`make run`, up and serving, and the lines it tells, also later; ended with Ctrl-C."""
    with run("relay_local.run") as process:
        told: list[str] = []
        serves = threading.Event()
        reader = threading.Thread(target=_read, args=(process, told, serves))
        reader.start()
        try:
            serves.wait(300)
            if process.poll() is not None or not serves.is_set():
                pytest.fail("".join(told))
            [emulator] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            home = next(line.split("=")[1] for line in told if "AWS_CA_BUNDLE" in line)
            yield told
            process.send_signal(signal.SIGINT)
            process.wait(timeout=120)  # it deletes the files of each function that ran
        finally:
            process.kill()  # it may have ended; nothing waits for it if it has not
            reader.join()
    assert process.returncode == 0
    assert "Traceback" not in "".join(told)
    assert not Path(f"/proc/{emulator}").exists()
    assert not Path(home).parent.exists()


def _read(process: "subprocess.Popen[str]", told: list[str], serves: threading.Event) -> None:
    assert process.stderr
    for line in process.stderr:
        told.append(line)
        if "relayctl dead-letters list" in line:  # the last one of its welcome
            serves.set()
    serves.set()  # it has ended


def bash(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_make_demo_prints_every_event_and_nothing_else_on_standard_output() -> None:
    with run("relay_local.demo") as process:
        output, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    events = [json.loads(line) for line in output.splitlines()]
    assert len(events) == 47
    assert {event["source"].split("/")[2] for event in events} == {"github", "stripe", "shopify", "c42", "c43", "c44"}
    [push] = [event for event in events if event["detail-type"] == "push"]
    assert push["detail"] == json.loads((ROOT / "relay_local/samples/github-push.json").read_text("utf-8"))
    assert told.count("dead letter: {") == 1


@pytest.mark.usefixtures("running")
def test_the_samples_can_be_posted_to_make_run() -> None:
    done = bash(BLOCKS[0])
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" 202  accepted") == 4
    assert len(httpx.get("http://127.0.0.1:8081/events", timeout=60).json()) == 47


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl are not installed")
@pytest.mark.usefixtures("running")
def test_a_body_of_ones_own_can_be_signed_and_posted_with_curl() -> None:
    done = bash(BLOCKS[1])
    assert "202" in done.stdout.splitlines()[0], done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["accepted"] == 1


def test_the_same_suite_runs_against_any_url(running: list[str]) -> None:
    exports = dict(re.findall(r"export (\w+)=(\S+)", "".join(running)))
    environment = {**os.environ, **exports, "RELAY_URL": "http://127.0.0.1:8080", "RELAY_STAGE": "dev"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/e2e/test_anywhere.py"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "13 passed" in done.stdout


def test_what_make_run_prints_can_be_pasted(running: list[str]) -> None:
    exports = [line for line in running if line.strip().startswith("export ")]
    examples = [line for line in running if line.strip().startswith(".venv/bin/relayctl ")]
    assert len(examples) == 3
    for example in examples:
        done = bash("".join(exports) + example)
        assert done.returncode in ({0, 1} if "doctor" in example else {0}), done.stderr  # it may find a dead letter
    printed = next(line for line in running if "dev/acme/github" in line)
    secret = bash("".join(exports) + ".venv/bin/aws secretsmanager get-secret-value --secret-id dev/acme/github")
    assert "It's a Secret" in printed
    assert "It's a Secret" in secret.stdout


@pytest.mark.usefixtures("running")
def test_a_second_make_run_says_at_once_that_the_port_is_in_use() -> None:
    with run("relay_local.run") as second:
        _, told = second.communicate(timeout=30)
    assert second.returncode == 1
    assert told == "run: port 8080 is in use: stop what listens on it, or choose another port\n"


def test_posting_without_a_relay_says_what_to_do() -> None:
    done = bash(f"{BLOCKS[0].strip()} http://127.0.0.1:9")
    assert done.returncode == 1
    assert "is `make run` up?" in done.stderr

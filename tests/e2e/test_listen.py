"""`relayctl listen`: what the deployed relay archives reaches a relay of another secret, signed for it."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from relay_local.deploy import STAGE
from relay_local.process import PARTNER
from tests.e2e.conftest import Relay
from tests.e2e.test_archive import post
from tests.relayctl.conftest import INTERRUPTIBLE, ROOT, clean_environment, program
from tests.relayctl.test_send import SECRET, Server, server

__all__ = ["server"]  # a fixture


@contextmanager
def listening(relay: Relay, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command until the block ends; it listens as soon as the block begins."""
    environment = relay.session.aws.environment(PARTNER, relay.session.stack.region) | {"RELAY_STAGE": STAGE}
    process = subprocess.Popen(
        [*INTERRUPTIBLE, program(), "listen", *arguments],
        cwd=ROOT,
        env=clean_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        assert process.stderr.readline().startswith("Posting what PartnerEventRelay-dev receives to")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_archived_is_signed_anew_and_posted_until_ctrl_c(relay: Relay, server: Server) -> None:
    options = ("--url", server.url, "--config", str(server.file))
    with listening(relay, *options, "--secret", f"github={SECRET}") as process:
        assert process.stdout
        assert process.stderr
        delivery = post(relay, note="listened")
        line = process.stdout.readline()
        assert line.split("\t")[1:] == ["github", delivery, "202 Accepted\n"]
        [entry] = server.entries
        assert '"listened"' in entry.detail
        relay.post("/orders", *orders(relay))
        assert "not posted: relay.toml here has no such route" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "1 webhooks: 202 Accepted" in told


def orders(relay: Relay) -> tuple[bytes, dict[str, str]]:
    sample = relay.sample("/orders")
    return sample.body, sample.signed()


def test_a_relay_that_listens_to_itself_posts_each_webhook_once(relay: Relay) -> None:
    secret = f"github={relay.session.secrets['acme/github']}"
    with listening(relay, "--url", relay.url, "--route", "github", "--secret", secret) as process:
        assert process.stdout
        post(relay, note="round")
        assert process.stdout.readline().endswith("202 Accepted\n")
        assert "not posted: it was itself posted by relayctl listen" in process.stdout.readline()
    assert len(relay.received_within(30, 2)) == 2

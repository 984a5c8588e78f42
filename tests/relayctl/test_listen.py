"""`relayctl listen`: what comes into an archive reaches a relay of another secret, signed for it."""

import gzip
import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from relay.archive import keys
from relay.archive.record import ArchivedWebhook
from relay.auth.redaction import MARKER
from relay.http.request import Request
from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION
from tests.relayctl.conftest import INTERRUPTIBLE, ROOT, Relayctl, clean_environment, program
from tests.relayctl.test_send import SECRET, Server, server

__all__ = ["server"]  # a fixture

STACK = "Listened"
BUCKET = "listened-archive"
TEMPLATE = {
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}},
    "Outputs": {"ArchiveBucket": {"Value": {"Ref": "Bucket"}}},
}


@dataclass(frozen=True)
class Deployed:
    """A stack with an archive, in a local AWS."""

    aws: LocalAws

    def environment(self) -> dict[str, str]:
        return clean_environment() | self.aws.environment(PARTNER, REGION)

    def archive(self, route: str, name: str, headers: Mapping[str, str], body: object) -> None:
        """Write an object with one webhook, as Firehose does."""
        now = datetime.now(UTC)
        request = Request("POST", f"/{route}", "", headers, json.dumps(body).encode(), name)
        line = ArchivedWebhook(route, name, now, "", request).line()
        key = f"{keys.ROOT}{now:%Y/%m/%d/%H}/{name}.gz"
        client = self.aws.client("s3", PARTNER, REGION)
        client.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(line, mtime=0))


@pytest.fixture
def deployed(bus: LocalAws) -> Iterator[Deployed]:
    client = bus.client("cloudformation", PARTNER, REGION)
    client.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    client.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 0, "MaxAttempts": 600})
    yield Deployed(bus)
    bucket = bus.client("s3", PARTNER, REGION)
    for item in bucket.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        bucket.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_stack(StackName=STACK)


@contextmanager
def listening(deployed: Deployed, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command until the block ends; it listens as soon as the block begins."""
    process = subprocess.Popen(
        [*INTERRUPTIBLE, program(), "listen", "--stack-name", STACK, *options],
        cwd=ROOT,
        env=deployed.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        assert process.stderr.readline().startswith(f"Posting what {STACK} receives to http://127.0.0.1:")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_archived_is_signed_anew_and_posted_until_ctrl_c(deployed: Deployed, server: Server) -> None:
    deployed.archive("github", "before", {}, {})
    headers = {"content-type": "application/json", "x-github-event": "push", "cookie": MARKER, "host": "relay.example"}
    options = ("--url", server.url, "--config", str(server.file), "--secret", f"github={SECRET}")
    with listening(deployed, *options) as process:
        assert process.stdout
        deployed.archive("github", "first", headers | {"x-github-delivery": "first"}, {"note": "Zoë's"})
        assert process.stdout.readline().split("\t")[1:] == ["github", "first", "202 Accepted\n"]
        deployed.archive("nowhere", "elsewhere", headers, {})
        assert process.stdout.readline().endswith("not posted: relay.toml here has no such route\n")
        deployed.archive("github", "second", headers | {"x-github-delivery": "second"}, {})
        assert process.stdout.readline().split("\t")[1:] == ["github", "second", "202 Accepted\n"]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert told == "2 webhooks: 202 Accepted\n1 webhooks: not posted: relay.toml here has no such route\n"
    assert [(entry.detail_type, json.loads(entry.detail)) for entry in server.entries] == [
        ("push", {"note": "Zoë's"}),
        ("push", {}),
    ]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--stack-name", "Nobody"), 1, 'No stack is named "Nobody"'),
        (("--route", "nobody"), 2, 'no route is named "nobody"'),
        (("--secret", "whsec_a"), 2, 'expected "name=value", got "whsec_a"'),
        (("--secret", "nobody=whsec_a"), 2, 'no route is named "nobody"'),
        (("--since", "2099-01-01T00:00"), 2, "is in the future"),
    ],
)
def test_a_mistake_is_named(
    relayctl: Relayctl, deployed: Deployed, options: tuple[str, ...], code: int, says: str
) -> None:
    done = relayctl("listen", *options, **deployed.aws.environment(PARTNER, REGION))
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr

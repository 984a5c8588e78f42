"""Two Regions, each a local AWS of its own with the relay deployed to it, and the customer's source in both."""

import json
import os
import signal
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from relay_local import deploy
from relay_local.deploy import Customer, Stack, drain
from relay_local.process import PARTNER, LocalAws, run_emulator
from tools.two_regions.router import routers
from tools.two_regions.sender import SECRET

REGIONS = ("us-east-1", "us-west-2")
CONCURRENCY = 10
"""Functions that run at once in a Region: the quota of a new account, and enough processes for this machine."""
SOURCE, SECRET_NAME = "aws.partner/acme.example/orders", "acme/orders"
RELAY_TOML = f"""\
partner = "aws.partner/acme.example"
regions = {json.dumps(REGIONS)}

[[route]]
name = "orders"
path = "/orders"
preset = "standard-webhooks"
auth = {{ secret = "{SECRET_NAME}" }}
event = {{ source = "{SOURCE}" }}
failover_region = "{REGIONS[1]}"
retry_for = "1 s"
"""
"""The same for both relays: events are put to the first Region, and to the other when the first does not take them."""


@dataclass(frozen=True)
class Region:
    """One Region, and all that is in it."""

    name: str
    aws: LocalAws
    stack: Stack
    customer: Customer

    @property
    def url(self) -> str:
        """Return where its relay takes webhooks."""
        return f"{self.aws.url}{self.stack.base_path}/orders"

    def stop(self) -> None:
        """Let nothing of it answer any more: front, functions, queues and EventBridge stand still."""
        os.killpg(self.aws.process_group, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on where it stopped."""
        os.killpg(self.aws.process_group, signal.SIGCONT)

    def refuse(self, *, on: bool) -> None:
        """Let EventBridge throttle each entry, or no longer."""
        faults = [{"error_code": "ThrottlingException"}] if on else []
        with self.aws.http() as client:
            client.put("/_partner_bus/faults", json=faults).raise_for_status()

    def waiting(self) -> int:
        """Return how many messages are in the retry queue, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs, url = self.aws.client("sqs", PARTNER, self.name), self.stack.retry_queue_url
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def dead_letters(self) -> Iterator[int]:
        """Yield the numbers of the webhooks in the dead-letter queue, taken from it."""
        sqs = self.aws.client("sqs", PARTNER, self.name)
        for message in drain(sqs, self.stack.dead_letter_queue_url):
            yield json.loads(json.loads(message["Body"])["entry"]["Detail"])["number"]


@contextmanager
def deployed(names: Sequence[str] = REGIONS) -> Iterator[Mapping[str, Region]]:
    """Deploy the relay to each Region with `cdk deploy`, until the block ends. Raise LocalAwsError."""
    with ExitStack() as stack:
        config = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "relay.toml"
        config.write_text(RELAY_TOML, "utf-8")
        router = stack.enter_context(routers(names))
        for name in names:
            variables = {"AWS_ENDPOINT_URL": router.urls[name], "LAMBDA_ACCOUNT_CONCURRENCY": str(CONCURRENCY)}
            router.regions[name] = stack.enter_context(run_emulator(region=name, variables=variables))

        def deploy_to(name: str) -> Region:
            aws = router.regions[name]
            deploy.bootstrap(aws, name)
            relay = deploy.deploy(aws, name, config)
            deploy.put_secrets(aws, name, {SECRET_NAME: SECRET})
            customer = Customer(aws, name)
            customer.subscribe([SOURCE])
            return Region(name, aws, relay, customer)

        with ThreadPoolExecutor(len(names)) as threads:
            regions = dict(zip(names, threads.map(deploy_to, names), strict=True))
        yield regions


def trust(regions: Mapping[str, Region]) -> ssl.SSLContext:
    """Return a TLS context that trusts each Region."""
    context = ssl.create_default_context()
    for region in regions.values():
        context.load_verify_locations(cafile=region.aws.ca_bundle)
    return context

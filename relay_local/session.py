"""Deploy a relay with a customer, ready for webhooks: for `make demo`, `make run` and the end-to-end tests."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from relay import config
from relay.config.model import Config
from relay_local import deploy, samples
from relay_local.connections import Connections
from relay_local.deploy import Customer, Stack
from relay_local.process import ROOT, LocalAws, run_emulator
from relay_local.samples import Sample

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Session:
    """Everything that runs, and the value of each secret by its name; `connections` if customers have destinations."""

    aws: LocalAws
    stack: Stack
    customer: Customer
    config: Config
    samples: list[Sample]
    secrets: dict[str, str]
    connections: Connections | None


@contextmanager
def start_session(
    say: Say, path: Path = ROOT / "relay.toml", front: str = "http", unattached: Collection[str] = ()
) -> Iterator[Session]:
    """Start the local AWS and deploy a relay to it until the block ends; `say` receives a line for each step.

    The samples' customers are connected; those who are `unattached` have no bus yet.
    """
    relay, webhooks = config.load(path), samples.load()
    region = relay.regions[0]
    say("starting the local AWS")
    with run_emulator(region=region) as aws:
        _timed(say, "cdk bootstrap", lambda: deploy.bootstrap(aws, region))
        stack = _timed(
            say,
            "cdk deploy: synthesize, build the function, create the stack",
            lambda: deploy.deploy(aws, region, path, front),
        )
        values = {ref.text: f"whsec_{secrets.token_hex(24)}" for route in relay.routes for ref in route.secrets()}
        values |= {sample.secret_name: sample.secret for sample in webhooks if sample.secret_name in values}
        deploy.put_secrets(aws, region, values)
        customer = Customer(aws, region)
        customer.subscribe(dict.fromkeys(source for sample in webhooks for source in sample.sources))
        connections = None
        if relay.destinations:
            connections = Connections(aws, stack, customer)
            customers = list(dict.fromkeys(each for sample in webhooks for each in sample.customers))
            say(f"connecting the customers {', '.join(customers)} through the control API")
            connections.connect(customers)
            connections.attach(each for each in customers if each not in unattached)
        yield Session(aws, stack, customer, relay, webhooks, values, connections)


def _timed(say: Say, what: str, step: Callable[[], T]) -> T:
    say(what)
    begun = time.monotonic()
    result = step()
    say(f"    {time.monotonic() - begun:.0f} s")
    return result

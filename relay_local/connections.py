"""Connect customers to the local relay: through its control API, and in the customer's account."""

import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import boto3

from relay.aws.held_store import MAX_COUNTED, HeldStore
from relay.aws.registry_table import RegistryTable
from relay.destinations import held
from relay.destinations.model import Destination
from relay_local.deploy import CUSTOMER, Customer, Stack
from relay_local.process import PARTNER, LocalAws
from relayctl.control import ControlApi, destination_path

NAME = "prod"
"""The name of each customer's only destination."""
MOST_SHOWN = 100


class Connections:
    """The customers' destinations, all of them in one AWS account."""

    def __init__(self, aws: LocalAws, stack: Stack, customer: Customer) -> None:
        self.api = ControlApi(control_url(aws, stack), _session(stack.region), str(aws.ca_bundle or "") or None)
        self._region = stack.region
        self._customer = customer
        table, bucket = stack.outputs["DestinationsTable"], stack.outputs["HeldBucket"]
        self._registry = RegistryTable(aws.client("dynamodb", PARTNER, stack.region), table)
        self._held = HeldStore(aws.client("s3", PARTNER, stack.region), bucket)
        self._lock = threading.Lock()

    def connect(self, customers: Iterable[str]) -> None:
        """Create a destination for each customer, as the SaaS's backend does."""
        body = {"aws_account_id": CUSTOMER, "aws_region": self._region}
        for customer in customers:
            self.api.call("PUT", destination_path(customer, NAME), body)

    def attach(self, customers: Iterable[str]) -> None:
        """Attach a bus and a rule to each customer's source, as the customer does, and start delivery."""
        for customer in customers:
            self._customer.attach(self.show(customer)["source"])
            self.api.call("POST", destination_path(customer, NAME, "release"))

    def ensure(self, customers: Iterable[str]) -> None:
        """Connect and attach those customers who have no destination yet."""
        with self._lock:
            new = [customer for customer in dict.fromkeys(customers) if not self.find(customer)]
            self.connect(new)
            self.attach(new)

    def show(self, customer: str) -> Any:
        """Return the customer's destination, as the control API answers it."""
        return self.api.call("GET", destination_path(customer, NAME))

    def find(self, customer: str) -> list[Destination]:
        """Return the customer's destinations, from the registry."""
        return [each for each in self._registry.query(customer) if not each.deleting]

    def rows(self) -> list[dict[str, Any]]:
        """Return what a page shows of the first destinations."""
        destinations = sorted(self._registry.all(), key=lambda each: each.label)
        return [self._row(each) for each in destinations[:MOST_SHOWN] if not each.deleting]

    def act(self, customer: str, name: str, operation: str) -> None:
        """Do to a destination what a button says. Raise ControlApiError, KeyError for an unknown operation."""
        destination = next(each for each in self.find(customer) if each.name == name)
        match operation:
            case "attach":
                self._customer.attach(destination.source)
            case "detach":
                self._customer.detach(destination.source)
            case "release" | "pause" | "resume" | "ping":
                self.api.call("POST", destination_path(customer, name, operation))
            case _:
                raise KeyError(operation)

    def _row(self, destination: Destination) -> dict[str, Any]:
        prefix = held.prefix(destination.customer, destination.name, destination.id)
        number, _ = self._held.count(prefix)
        return {
            "customer": destination.customer,
            "name": destination.name,
            "source": destination.source,
            "status": destination.status.value,
            "source_status": destination.state.source_status.value,
            "holding": destination.holding.value if destination.holding else None,
            "held": min(number, MAX_COUNTED),
        }


def control_url(aws: LocalAws, stack: Stack) -> str:
    """Return where the emulator serves the control API."""
    api_id = stack.outputs["ControlUrl"].removeprefix("https://").partition(".")[0]
    return f"{aws.url}/_aws/execute-api/{api_id}/{quote('$default')}"


def _session(region: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id=PARTNER, aws_secret_access_key="test", region_name=region)

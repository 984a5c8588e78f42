"""A destination's source on the local AWS, from nothing to attached and gone again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from relay.aws.destination_sources import DestinationSources
from relay.destinations.errors import SourceOwnedError, SourceRefusedError, ThrottledError
from relay.destinations.model import Destination, SourceStatus
from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER
from tests.local_bus import REGION
from tests.unit.destinations.destinations import destination

numbers = count()


@pytest.fixture
def sources(bus: Any) -> DestinationSources:
    return DestinationSources(lambda region: bus.client("events", PARTNER, region))


@pytest.fixture
def found() -> Destination:
    source = f"aws.partner/acme.example/c42/prod-{next(numbers)}"
    return destination(aws_account_id=CUSTOMER, aws_region=REGION, source=source)


def test_a_source_goes_from_nothing_to_active_and_back(
    bus: Any, sources: DestinationSources, found: Destination
) -> None:
    customer = bus.client("events", CUSTOMER, REGION)
    assert sources.look(found)[0].state is None
    sources.create(found)
    pending, now = sources.look(found)
    assert pending.state is SourceStatus.PENDING
    assert pending.expires_at
    assert timedelta(days=6) < pending.expires_at - now < timedelta(days=8)
    customer.create_event_bus(Name=found.source, EventSourceName=found.source)
    assert sources.look(found)[0].state is SourceStatus.ACTIVE
    customer.delete_event_bus(Name=found.source)
    assert sources.look(found)[0].state is SourceStatus.PENDING
    sources.delete(found)
    assert sources.look(found)[0].state is None


def test_the_time_is_that_of_aws(sources: DestinationSources, found: Destination) -> None:
    sources.create(found)
    _, now = sources.look(found)
    assert now.microsecond == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=30)


def test_creating_and_deleting_twice_is_the_same_as_once(sources: DestinationSources, found: Destination) -> None:
    sources.create(found)
    sources.create(found)
    sources.delete(found)
    sources.delete(found)


def test_a_source_of_another_account_is_not_taken(sources: DestinationSources, found: Destination) -> None:
    sources.create(found)
    other = replace(found, aws_account_id="333333333333")
    with pytest.raises(SourceOwnedError):
        sources.create(other)
    assert sources.look(other)[0].state is None
    assert sources.look(found)[0].state is SourceStatus.PENDING


def test_what_aws_does_not_accept_is_refused_with_its_code(sources: DestinationSources, found: Destination) -> None:
    with pytest.raises(SourceRefusedError) as raised:
        sources.create(replace(found, source="aws.partner/a b"))
    assert raised.value.code == "ValidationException"


@pytest.mark.parametrize("call", ["create", "delete", "look"])
def test_an_endpoint_that_is_away_is_an_oserror(found: Destination, call: str) -> None:
    nobody = boto3.client(
        "events",
        region_name=REGION,
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    operation: Callable[[Destination], object] = getattr(DestinationSources(lambda _: nobody), call)
    with pytest.raises(OSError, match="partner event sources"):
        operation(found)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", OSError),
        ("ThrottlingException", ThrottledError),
        ("InternalException", OSError),
        ("LimitExceededException", SourceRefusedError),
        ("OperationDisabledException", SourceRefusedError),
    ],
)
def test_only_what_aws_refuses_for_the_source_itself_is_a_refusal(
    found: Destination, code: str, kind: type[Exception]
) -> None:
    client = boto3.client("events", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        stubber.add_client_error("create_partner_event_source", code)
        with pytest.raises(kind) as raised:
            DestinationSources(lambda _: client).create(found)
    assert type(raised.value) is kind

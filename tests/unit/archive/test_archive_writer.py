"""A webhook is sent to Firehose beside the put; one that Firehose does not take is stored by itself, or reported."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from relay.archive.record import ArchivedWebhook, Pointer, parse
from relay.aws.api import AwsError, CallOptions, Service
from relay.aws.archive_writer import LATE_SECONDS, MAX_RECORD_BYTES, ArchiveWriter
from relay.config.model import Config
from tests.conftest import NOW, Load
from tests.unit.pipeline.customers_world import TOML, event, webhook


class World:
    """Firehose and the bucket, which may be down."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.objects: dict[str, bytes] = {}
        self.failed: list[str] = []
        self.down: set[str] = set()

    def writer(self) -> ArchiveWriter:
        return ArchiveWriter("us-east-1", "stream", lambda route: f"map-{route}", self.send, self.write, self.report)

    def send(
        self, service: Service, region: str, operation: str, parameters: Mapping[str, Any], _: CallOptions
    ) -> Callable[[], dict[str, Any]]:
        assert (service.name, region, operation) == ("firehose", "us-east-1", "PutRecord")
        assert parameters["DeliveryStreamName"] == "stream"
        if "send" in self.down:
            raise AwsError("EndpointConnectionError", "no")

        def receive() -> dict[str, Any]:
            if "receive" in self.down:
                raise AwsError("ServiceUnavailableException", "slow down")
            self.records.append(parameters["Record"]["Data"])
            return {"RecordId": "1"}

        return receive

    def write(self, key: str, content: bytes) -> None:
        if "bucket" in self.down:
            raise OSError("bucket is down")
        self.objects[key] = content

    def report(self, _service: Service, _region: str, _operation: str, error: AwsError) -> None:
        self.failed.append(error.code)


def archive(world: World, config: Config, *events: object, seconds_left: float = 29) -> str:
    return world.writer().begin(webhook(config, *events), [])(seconds_left)


def test_a_webhook_is_one_record(load: Load) -> None:
    world = World()
    assert archive(world, load(TOML), event()) == ""
    [line] = world.records
    record = parse(line)
    assert isinstance(record, ArchivedWebhook)
    assert (record.webhook_id, record.mapping, record.received_at) == ("msg_1", "map-orders", NOW)
    assert world.objects == {}


@pytest.mark.parametrize("what", ["send", "receive"])
def test_what_firehose_does_not_take_is_stored_by_itself(load: Load, what: str) -> None:
    world = World()
    world.down = {what}
    assert archive(world, load(TOML), event()) == ""
    [(key, line)] = world.objects.items()
    assert key == f"archive/late/{NOW:%Y/%m/%d/%H}/request-1"
    assert isinstance(parse(line), ArchivedWebhook)
    assert len(world.failed) == 1


def test_what_is_stored_nowhere_is_reported_and_nothing_is_raised(load: Load) -> None:
    world = World()
    world.down = {"receive", "bucket"}
    assert archive(world, load(TOML), event()) == "ServiceUnavailableException: slow down; bucket is down"


def test_without_time_nothing_is_begun(load: Load) -> None:
    world = World()
    world.down = {"receive"}
    assert "no time" in archive(world, load(TOML), event(), seconds_left=LATE_SECONDS - 1)
    assert world.objects == {}


def test_a_webhook_too_large_for_firehose_is_stored_and_pointed_to(load: Load) -> None:
    world = World()
    noise = "".join(f"{number * 7919:x}" for number in range(400_000))
    assert archive(world, load(TOML), event(text=noise)) == ""
    [line] = world.records
    pointer = parse(line)
    assert isinstance(pointer, Pointer)
    assert pointer.key.startswith("archive/large/")
    assert len(world.objects[pointer.key]) > MAX_RECORD_BYTES
    assert isinstance(parse(world.objects[pointer.key]), ArchivedWebhook)


def test_a_large_webhook_that_cannot_be_stored_is_reported(load: Load) -> None:
    world = World()
    world.down = {"bucket"}
    noise = "".join(f"{number * 7919:x}" for number in range(400_000))
    assert "bucket is down" in archive(world, load(TOML), event(text=noise))

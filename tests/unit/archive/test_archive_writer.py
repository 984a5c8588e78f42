"""A webhook is sent to Firehose beside the put; one that Firehose does not take is stored by itself, or reported."""

import random
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import pytest

from relay.archive.record import ArchivedWebhook, Pointer, parse
from relay.aws.api import AwsError, CallOptions, Service
from relay.aws.archive_writer import ANSWER_SECONDS, MAX_RECORD_BYTES, QUIET_SECONDS, STORE_SECONDS, ArchiveWriter
from relay.config.model import Config
from tests.conftest import NOW, Load
from tests.unit.pipeline.customers_world import TOML, event, webhook

NOISE = random.Random(1).randbytes(800_000).hex()
"""Text that is too large for Firehose when it is compressed, too."""


class World:
    """Firehose and the bucket, which may be down."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.objects: dict[str, bytes] = {}
        self.failed: list[str] = []
        self.down: set[str] = set()
        self.seconds_left = 29.0
        self.seconds_taken = 0.0

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
            self.seconds_left -= self.seconds_taken
            if "receive" in self.down:
                raise AwsError("ServiceUnavailableException", "slow down")
            self.records.append(parameters["Record"]["Data"])
            return {"RecordId": "1"}

        return receive

    def write(self, key: str, content: bytes) -> None:
        self.seconds_left -= self.seconds_taken
        if "bucket" in self.down:
            raise OSError("bucket is down")
        self.objects[key] = content

    def left(self) -> float:
        return self.seconds_left

    def report(self, _service: Service, _region: str, _operation: str, error: AwsError) -> None:
        self.failed.append(error.code)


def archive(world: World, config: Config, *events: object, seconds_left: float = 29) -> str:
    world.seconds_left = seconds_left
    return world.writer().begin(webhook(config, *events), [])(world.left)


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


def test_without_time_nothing_is_stored(load: Load) -> None:
    world = World()
    world.down = {"receive"}
    assert "no time" in archive(world, load(TOML), event(), seconds_left=STORE_SECONDS - 1)
    assert world.objects == {}


def test_without_time_no_answer_is_waited_for(load: Load) -> None:
    world = World()
    assert "no time for the answer" in archive(world, load(TOML), event(), seconds_left=ANSWER_SECONDS - 1)
    assert world.records == []


def test_after_a_failure_firehose_is_left_alone_for_some_seconds(load: Load) -> None:
    world, config, now = World(), load(TOML), [0.0]
    writer = world.writer()
    writer.clock = lambda: now[0]
    world.down = {"receive"}
    for _ in range(3):
        assert writer.begin(webhook(config, event()), [])(world.left) == ""
    assert len(world.failed) == 1
    assert writer.begin(webhook(config, event(text=NOISE)), [])(world.left) == ""
    assert not any(key.startswith("archive/large/") for key in world.objects)  # nobody could point to it
    now[0] += QUIET_SECONDS
    world.down.clear()
    assert writer.begin(webhook(config, event()), [])(world.left) == ""
    assert len(world.records) == 1


@pytest.mark.parametrize("seconds", [STORE_SECONDS, 12, 20, 29])
@pytest.mark.parametrize("down", [set(), {"send"}, {"receive"}])
@pytest.mark.parametrize("text", ["", NOISE], ids=["small", "large"])
def test_however_slow_aws_is_nothing_is_begun_that_could_not_end(
    load: Load, seconds: float, down: set[str], text: str
) -> None:
    world = World()
    world.down, world.seconds_taken = down, 8
    error = archive(world, load(TOML), event(text=text), seconds_left=seconds)
    assert world.seconds_left >= 0
    assert bool(error) == (not world.records and not any(key.startswith("archive/late/") for key in world.objects))


@pytest.mark.parametrize("broken", ["fingerprint", "send", "receive"])
@pytest.mark.parametrize("kind", [RuntimeError, FileNotFoundError])
def test_whatever_is_raised_the_webhook_goes_on(load: Load, broken: str, kind: type[Exception]) -> None:
    world = World()
    writer = world.writer()

    def fail(*_: object) -> NoReturn:
        raise kind("can't start new thread")

    if broken == "receive":
        writer.send = lambda *_: fail
    else:
        setattr(writer, broken, fail)
    error = writer.begin(webhook(load(TOML), event()), [])(world.left)
    assert error == (f"{kind.__name__}: can't start new thread" if broken == "fingerprint" else "")
    assert len(world.objects) == (broken != "fingerprint")


def test_a_webhook_too_large_for_firehose_is_stored_and_pointed_to(load: Load) -> None:
    world = World()
    assert archive(world, load(TOML), event(text=NOISE)) == ""
    [line] = world.records
    pointer = parse(line)
    assert isinstance(pointer, Pointer)
    assert pointer.key.startswith("archive/large/")
    assert len(world.objects[pointer.key]) > MAX_RECORD_BYTES
    assert isinstance(parse(world.objects[pointer.key]), ArchivedWebhook)


def test_a_large_webhook_is_stored_after_the_put_and_only_if_there_is_time(load: Load) -> None:
    world = World()
    finish = world.writer().begin(webhook(load(TOML), event(text=NOISE)), [])
    assert world.objects == {}
    world.seconds_left = STORE_SECONDS - 1
    assert "no time" in finish(world.left)
    assert world.objects == {}


def test_a_large_webhook_that_cannot_be_stored_is_reported(load: Load) -> None:
    world = World()
    world.down = {"bucket"}
    assert "bucket is down" in archive(world, load(TOML), event(text=NOISE))

"""The composition root: the environment and relay.toml become the services of the Lambda handlers.

A healthy webhook needs neither boto3 nor what fetches documents, and their import is most of a cold start: the adapters
that need them are imported when they are first called.
"""

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from relay import telemetry
from relay.aws import eventbridge, snapstart, transport
from relay.aws.api import AwsCall, Transport
from relay.aws.idempotency import IdempotencyTable
from relay.aws.secrets import SecretStore
from relay.config import compiled
from relay.config.choices import BOTO3
from relay.config.model import Config
from relay.delivery.deliver import JITTER
from relay.delivery.message import Message
from relay.delivery.undelivered import Queue
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline.services import Archive, DestinationServices, Services

if TYPE_CHECKING:  # only a route with a customer needs them
    from relay.destinations.held import HeldKey
    from relay.destinations.model import Destination
    from relay.destinations.registry import Registry


def load_config() -> Config:
    """Return the configuration of this stage. Raise ConfigError."""
    return compiled.load()


def connect(settings: Config) -> AwsCall:
    """Return how AWS is called, with a log line for each call that fails."""
    return telemetry.with_failure_log(_transport(settings).call)


def services(settings: Config, call: AwsCall, clock: Callable[[], float] = time.time) -> Services:
    """Return the services on AWS. `clock` is the time of day in seconds, by which secrets are read again."""
    secrets = SecretStore(call, clock)
    return Services(
        config=settings,
        read_secret=secrets.read,
        refresh_secret=secrets.refresh,
        enroll=secrets.enroll,
        fetch=_fetch,
        send=partial(eventbridge.put_entries, call),
        store=partial(_store, call),
        claim_checks=ClaimCheckStore(_store_detail, _presign, settings.claim_check_ttl),
        idempotency=IdempotencyTable(os.environ),
        follow=_follow,
        store_unreadable=_store_unreadable,
        postpone=_postpone,
        jitter=JITTER,
        report=telemetry.record_unexpected_error,
        destinations=_destination_services(settings, call, clock),
        archive=_archive(settings),
    )


def start() -> Services:
    """Return the services of the environment, when a function starts."""
    settings = load_config()
    snapstart.reseed_after_restore()
    return services(settings, connect(settings))


def warm_up(settings: Config) -> None:
    """Do in advance what the first webhook would have to: a function that starts has a whole processor."""
    secrets = {secret.text for route in settings.routes for secret in route.secrets()}
    transport.warm_up(
        _transport(settings),
        settings.regions,
        secrets,
        with_registry=bool(settings.destinations),
        with_queue=any(route.is_queued for route in settings.routes),
    )


def import_boto3() -> None:
    """Import in advance what every batch of the retry queue needs."""
    from relay.aws import sqs  # noqa: F401 - the import is the point


def _destination_services(settings: Config, call: AwsCall, clock: Callable[[], float]) -> DestinationServices | None:
    if not settings.destinations:
        return None
    from relay.aws import registry_query
    from relay.destinations.registry import Registry

    query = partial(registry_query.query, call, os.environ["AWS_REGION"], os.environ["DESTINATIONS_TABLE"])
    registry = Registry(query, settings.destinations.cache, clock)
    return DestinationServices(registry.destinations, registry.read, _hold, partial(_note_refusals, registry))


def _archive(settings: Config) -> Archive | None:
    if not settings.archive or "ARCHIVE_STREAM" not in os.environ:  # only the function that receives webhooks has it
        return None
    from relay.aws.archive_writer import ArchiveWriter
    from relay.config.fingerprint import mapping_fingerprint

    fingerprints = {route.name: mapping_fingerprint(route, settings) for route in settings.routes}
    region, stream = os.environ["AWS_REGION"], os.environ["ARCHIVE_STREAM"]
    begin, report = _transport(settings).begin, telemetry.record_failed_call
    return ArchiveWriter(region, stream, fingerprints.__getitem__, begin, _write_to_archive, report).begin


def _write_to_archive(key: str, content: bytes) -> None:
    try:
        from relay.aws import archive_store

        archive_store.connect().write(key, content)
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(f"{type(error).__name__}: {error}") from error


def _hold(key: "HeldKey", messages: "Sequence[Message]") -> None:
    try:
        from relay.aws import held_store
        from relay.destinations import held

        held_store.connect().write(key.text(), held.dump(messages))
    except Exception as error:  # see boto3_clients.py: not only the SDK's errors
        raise OSError(f"{type(error).__name__}: {error}") from error


def _note_refusals(registry: "Registry", destination: "Destination", error: str) -> None:
    try:
        from relay.aws import registry_table
        from relay.destinations.reconcile import refuse

        after = refuse(destination, error, datetime.now(UTC))
        registry_table.connect().save(destination, after)
    except Exception as failure:  # noqa: BLE001 - the entries are held already; the next refusal tries again
        telemetry.record_unexpected_error(failure)
    registry.forget(destination.customer)


def _transport(settings: Config) -> Transport:
    return transport.choose_transport(settings.regions, always_boto3=settings.transport == BOTO3)


def _store(call: AwsCall, queue: Queue, messages: Sequence[Message]) -> list[str | None]:
    if not messages:
        return []
    if queue is Queue.DELIVERY:
        from relay.aws import delivery_queue  # only a route with `delivery = "queued"` needs it

        region, url = os.environ["AWS_REGION"], os.environ["DELIVERY_QUEUE_URL"]
        return delivery_queue.store_messages(call, region, url, messages)
    from relay.aws import sqs

    return sqs.store_messages(queue, messages)


def _follow(text: str) -> str:
    from relay.aws import sqs

    return sqs.load_message_text(text)


def _store_unreadable(text: str, why: str) -> str | None:
    from relay.aws import sqs

    return sqs.store_unreadable(text, why)


def _postpone(source_arn: str, seconds: dict[str, int]) -> None:
    from relay.aws import sqs

    sqs.postpone_messages(source_arn, seconds)


def _store_detail(text: str) -> tuple[str, str]:
    from relay.aws import s3

    return s3.store_detail(text)


def _presign(key: str, seconds: int) -> str:
    from relay.aws import s3

    return s3.presign(key, seconds)


def _fetch(url: str, max_age: float) -> bytes:
    from relay import outbound_http

    return outbound_http.fetch(url, max_age)

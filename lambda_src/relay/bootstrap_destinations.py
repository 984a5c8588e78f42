"""The composition root of the handlers that look after destinations: control API, reconciler and releaser.

They are not on a webhook's way, so they use boto3 for everything but EventBridge's PutPartnerEvents.
"""

import json
import os
import secrets
import string
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from relay import bootstrap, destination_telemetry, process_cache, telemetry
from relay.archive.reading import Found, Position, Window, read_window
from relay.aws import (
    archive_store,
    boto3_clients,
    eventbridge,
    held_store,
    operational_events,
    partner_sources,
    registry_table,
    s3,
    sqs,
)
from relay.aws.api import STANDARD_RETRY
from relay.aws.destination_sources import DestinationSources
from relay.aws.release_queue import ReleaseQueue
from relay.config.destinations import Destinations
from relay.config.model import Config
from relay.control.services import ControlServices, Held
from relay.control.services import Settings as ControlSettings
from relay.delivery.deliver import budget, deliver
from relay.delivery.error_codes import is_retryable
from relay.destinations import held
from relay.destinations.errors import DestinationError, SourceRefusedError
from relay.destinations.events import OperationalEvent
from relay.destinations.model import Destination
from relay.destinations.registry import STALE_SECONDS
from relay.entry import Accepted, Entry, Outcome
from relay.mapping import claim_check
from relay.mapping.claim_check import ClaimCheckStore
from relay.pipeline.reconcile import ReconcileServices, finish_deletion
from relay.pipeline.reconcile import Settings as ReconcileSettings
from relay.pipeline.recover import RecoverServices, recover
from relay.pipeline.release import Pace, Recover, ReleaseServices
from relay.pipeline.sweep import SweepServices

ID_CHARACTERS, ID_LENGTH = string.ascii_lowercase + string.digits, 6
DELETION_SECONDS = 15
"""How long a request goes on deleting what is held; the reconciler finishes what is left."""
STRAGGLER_SECONDS = STALE_SECONDS + 120
"""How long a function may still hold entries for a destination that can receive: it may not be able to read that."""
RETRY_SECONDS = 20
"""How long a batch of held entries is tried again before what is left goes to the retry queue."""
SOURCES = DestinationSources()


def destinations_of(settings: Config) -> Destinations:
    """Return `[destinations]`. Raise RuntimeError without it: the stack deploys these functions only with it."""
    if settings.destinations is None:
        raise RuntimeError("relay.toml has no [destinations]")
    return settings.destinations


@process_cache.once
def release_queue() -> ReleaseQueue:
    """Return the queue that the stack has set. Raise the SDK's errors."""
    client = boto3_clients.create_client("sqs", boto3_clients.botocore_config(STANDARD_RETRY))
    return ReleaseQueue(client, os.environ["RELEASE_QUEUE_URL"])


def control_settings(settings: Config) -> ControlSettings:
    """Return what relay.toml says to the control API."""
    destinations = destinations_of(settings)
    cache, settle = timedelta(seconds=destinations.cache), timedelta(seconds=destinations.settle)
    return ControlSettings(settings.partner, settings.regions, cache, settle, destinations.ping)


def control_services(settings: Config) -> ControlServices:
    """Return the services of the control API on AWS."""
    return ControlServices(
        table=registry_table.connect(),
        look=SOURCES.look,
        create_source=SOURCES.create,
        finish_deletion=lambda destination: finish_in_time(destination, reconcile_services(settings, list)),
        forget=registry_table.connect().delete,
        start_release=lambda destination: release_queue().request(destination),
        ping=partial(_ping, settings),
        count_held=_count_held,
        revoke_access=_revoke_access,
        notify=partial(notify, settings.notify_bus),
        record=destination_telemetry.record_control,
        now=_now,
        new_id=lambda: "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH)),
    )


def reconcile_settings(settings: Config) -> ReconcileSettings:
    """Return what relay.toml and the environment say to the reconciler."""
    destinations = destinations_of(settings)
    return ReconcileSettings(
        settle=timedelta(seconds=destinations.settle),
        hold=timedelta(seconds=destinations.longest_hold),
        cache=timedelta(seconds=destinations.cache),
        observe=os.environ.get("RECONCILE") == "observe",
    )


def reconcile_services(settings: Config, destinations: Callable[[], Sequence[Destination]]) -> ReconcileServices:
    """Return the services of the reconciler on AWS; `destinations` returns all of them, which are read once a run."""
    table, store = registry_table.connect(), held_store.connect()
    return ReconcileServices(
        waiting=table.waiting,
        destinations=destinations,
        find=table.get,
        look=SOURCES.look,
        create_source=SOURCES.create,
        delete_source=SOURCES.delete,
        save=table.save,
        forget=table.delete,
        start_release=lambda destination: release_queue().remind(destination, _now()),
        keys=store.keys,
        delete_keys=store.delete_keys,
        notify=partial(notify, settings.notify_bus),
        clock=_now,
        sleep=time.sleep,
    )


def sweep_services() -> SweepServices:
    """Return the services of the sweep on AWS."""
    table = registry_table.connect()
    return SweepServices(
        first_key=held_store.connect().first_key,
        find=table.get,
        save=table.save,
        start_release=lambda destination: release_queue().remind(destination, _now()),
    )


def release_pace(settings: Config) -> Pace:
    """Return how fast entries are released, and for how long entries may still be held."""
    destinations = destinations_of(settings)
    return Pace(destinations.release_rate, STRAGGLER_SECONDS)


def release_services(settings: Config, seconds_left: Callable[[], float]) -> ReleaseServices:
    """Return the services of the releaser on AWS."""
    table, store = registry_table.connect(), held_store.connect()
    send = partial(eventbridge.put_entries, bootstrap.connect(settings))
    claim_checks = ClaimCheckStore(s3.store_detail, s3.presign, settings.claim_check_ttl)

    def put(entries: Sequence[Entry]) -> Sequence[Outcome]:
        return deliver(
            entries,
            send,
            budget(RETRY_SECONDS, seconds_left()),
            partner=settings.partner,
            max_request_bytes=settings.limits.request,
        )

    return ReleaseServices(
        find=table.get,
        save=table.save,
        keys=store.keys,
        read=store.read,
        write=store.write,
        copy=store.copy,
        delete=store.delete,
        deliver=put,
        store=sqs.store_messages,
        keep_unreadable=sqs.store_unreadable,
        refresh=lambda entry: claim_check.refresh_url(entry, claim_checks, _now()),
        log=telemetry.record_entries if settings.log_entries else lambda _: None,
        recover=_recover(settings, claim_checks),
        clock=_now,
        sleep=time.sleep,
    )


def _recover(settings: Config, claim_checks: ClaimCheckStore) -> Recover:
    """Return how to hold what may have been dropped; without an archive that is what was being released."""
    store = held_store.connect()

    def archived(window: Window, go_on: Callable[[Position], bool]) -> Iterator[Found]:
        if "ARCHIVE_BUCKET" not in os.environ:
            return iter(())
        return read_window(archive_store.connect(), window, telemetry.record_damage, go_on)

    def store_detail(entry: Entry, fields: Mapping[str, object]) -> Entry:
        return claim_check.store_detail(entry, fields, claim_checks, _now())

    services = RecoverServices(
        settings,
        archived,
        store_detail,
        lambda key, messages: store.write(key.text(), held.dump(messages)),
        sqs.store_messages,
        store.changes,
        store.copy,
    )
    return lambda destination, go_on, note: recover(destination, services, go_on, note)


def _now() -> datetime:
    return datetime.now(UTC)


def notify(bus: str, events: Sequence[OperationalEvent]) -> None:
    """Put operational events on `bus`, in the relay's Region; never raise."""
    home = partial(partner_sources.client, os.environ["AWS_REGION"])
    operational_events.put(home, bus, events, telemetry.record_unexpected_error)


def _count_held(destination: Destination) -> Held:
    prefix = held.prefix(destination.customer, destination.name, destination.id)
    number, oldest_at = held_store.connect().count(prefix)
    return Held(min(number, held_store.MAX_COUNTED), number > held_store.MAX_COUNTED, oldest_at)


def _revoke_access(customer: str, actor: str) -> None:
    registry_table.connect().revoke_access(customer, _now())
    destination_telemetry.record_revocation(actor, customer)


def finish_in_time(destination: Destination, services: ReconcileServices) -> None:
    """Delete source, held entries and items; what takes too long, fails or is refused is left to the reconciler."""
    ends_at = services.clock() + timedelta(seconds=DELETION_SECONDS)

    def keys(prefix: str) -> Iterator[str]:
        for key in services.keys(prefix):
            if services.clock() >= ends_at:
                raise TimeoutError("the reconciler deletes the rest")
            yield key

    try:
        finish_deletion(destination, replace(services, keys=keys))
    except (OSError, DestinationError) as error:
        telemetry.record_unexpected_error(error)


def _ping(settings: Config, destination: Destination, detail_type: str, detail: Mapping[str, object]) -> str:
    """Put one test event and return its id. Raise SourceRefusedError, OSError."""
    entry = Entry(_now(), destination.source, (), detail_type, json.dumps(detail), destination.aws_region)
    (outcome,) = eventbridge.put_entries(bootstrap.connect(settings), [entry])
    if isinstance(outcome, Accepted):
        return outcome.event_id
    if is_retryable(outcome):
        raise OSError(f"{outcome.code}: {outcome.message}")
    raise SourceRefusedError(outcome.code, outcome.message)

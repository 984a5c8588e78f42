"""The Lambda handler behind a schedule: the states of the partner event sources, in all Regions.

EventBridge accepts events for a PENDING source, returns event ids, and drops them; after seven days it deletes the
source. Only ListPartnerEventSourceAccounts tells a partner, and nothing tells of a source that is gone: so each run
remembers what it saw.
https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import bootstrap, source_telemetry, telemetry
from relay.aws import partner_sources, registry_table, s3, snapstart, source_memory
from relay.aws.source_memory import Memory, UnreadableMemory

EXPIRES_SOON = timedelta(days=3)

MEMORY_KEY = "sources/last-look.json"

CONFIG = bootstrap.load_config()
snapstart.reseed_after_restore()


@telemetry.logger.inject_lambda_context
@telemetry.metrics.log_metrics
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """List every source of the partner, and count them by state, except those of customers' destinations."""
    now = datetime.now(UTC)
    seen: dict[str, str] = {}
    expiring = []
    owned = _sources_of_destinations()
    for region in CONFIG.regions:
        for source in partner_sources.list_sources(region, f"{CONFIG.partner}/"):
            if (region, source) in owned:
                continue
            for account in partner_sources.list_accounts(region, source):
                seen[f"{region} {source} {account['Account']}"] = account["State"]
                if (expires := account.get("ExpirationTime")) and expires <= now + EXPIRES_SOON:
                    expiring.append(source)
    # A run that failed has raised by now: what it did not see has not vanished, nor what a destination has adopted.
    memory = _last_run().without(owned).updated(seen, CONFIG.regions, now)
    source_telemetry.record_source_states(list(seen.values()), expiring, list(memory.vanished))
    s3.store_at(MEMORY_KEY, memory.to_json().encode(), "application/json")


def _sources_of_destinations() -> set[tuple[str, str]]:
    """Return the Region and name of each source that the reconciler looks after."""
    if not CONFIG.destinations:
        return set()
    return {(destination.aws_region, destination.source) for destination in registry_table.connect().all()}


def _last_run() -> Memory:
    """Return what the last run saw, or nothing if that cannot be read: otherwise every run after it would fail."""
    try:
        return source_memory.parse(s3.load(MEMORY_KEY) or b"")
    except UnreadableMemory as error:
        source_telemetry.record_lost_memory(str(error))
        return Memory()

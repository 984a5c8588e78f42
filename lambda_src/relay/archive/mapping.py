"""Map an archived webhook with a relay.toml of today."""

from collections.abc import Sequence

from relay.archive.record import ArchivedWebhook
from relay.config.fingerprint import mapping_fingerprint
from relay.config.model import Config
from relay.destinations.addressing import Addressee, Find, address
from relay.entry import Entry
from relay.errors import MappingError, Rejected
from relay.http import routing
from relay.mapping.entries import StoreDetail, to_entries
from relay.mapping.parsed_webhook import parse_webhook
from relay.webhook import Webhook


def map_webhook(
    webhook: ArchivedWebhook, config: Config, find: Find, store_detail: StoreDetail
) -> Sequence[Entry | Addressee]:
    """Return what a webhook becomes by the route that it came by. Raise MappingError, and what `find` raises."""
    routes = [route for route in config.routes if route.name == webhook.route]
    try:
        route, path = routing.match_route(routes, webhook.request.method, webhook.request.path)
        proven = Webhook.unverified(route, webhook.request, path, webhook.received_at)
        parsed = parse_webhook(proven, webhook.webhook_id)
        if route.customer:
            return address(parsed, config, find, store_detail)
        return to_entries(parsed, config, store_detail)
    except MappingError:
        raise
    except Rejected as error:
        why = error.detail if routes else "it is not in relay.toml"
        raise MappingError(f'route "{webhook.route}": {why}') from error


def is_mapped_alike(webhook: ArchivedWebhook, config: Config) -> bool:
    """Return whether the mapping of the webhook's route is the one by which it was mapped when it came."""
    return any(
        route.name == webhook.route and mapping_fingerprint(route, config) == webhook.mapping for route in config.routes
    )

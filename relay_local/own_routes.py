"""Connect whoever a webhook of a route of one's own is for, so that its first event arrives without another step."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from relay.destinations.model import Destination
from relay.errors import MappingError, Rejected
from relay.http import content_encoding, routing
from relay.http.request import Request
from relay.mapping.parsed_webhook import parse_webhook
from relay.webhook import Webhook
from relay_local.process import PARTNER
from relay_local.session import Session
from relayctl import preview
from relayctl.control import ControlApiError


class OwnRoutes:
    """The routes that no sample is for: their customers and their sources are made when a webhook first names them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        of_samples = {sample.path for sample in session.samples}
        self._routes = [route for route in session.config.routes if route.path not in of_samples and not route.bus]
        self._sources: set[str] = set()

    def prepare(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> None:
        """Connect the customers that a webhook names, or create and attach its sources. Never raise."""
        if not self._routes or method != "POST":
            return
        request = Request(method, path, query, headers, body, "request-id")
        customers: list[str] = []

        def find(customer: str) -> list[Destination]:
            customers.append(customer)
            return []

        with contextlib.suppress(MappingError, Rejected, ControlApiError, ClientError):
            route, parameters = routing.match_route(self._routes, method, path)
            request = content_encoding.decode(request, self._session.config.limits.body)
            parsed = parse_webhook(Webhook.unverified(route, request, parameters, datetime.now(UTC)))
            entries = preview.entries(parsed, self._session.config, find)
            if self._session.connections:
                self._session.connections.ensure(customers)
            self._create({entry.source for entry in entries if entry.source.startswith(self._session.config.partner)})

    def _create(self, sources: set[str]) -> None:
        """Create and attach the sources that are not there yet."""
        events = self._session.aws.client("events", PARTNER, self._session.stack.region)
        for source in sources - self._sources:
            there = events.list_partner_event_sources(NamePrefix=source)["PartnerEventSources"]
            if not any(each["Name"] == source for each in there):
                self._session.customer.subscribe([source])
            self._sources.add(source)

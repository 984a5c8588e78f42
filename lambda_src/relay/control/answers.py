"""The operations on destinations as answers over HTTP: the same for the API and the customer's page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response

from relay.control.models import DestinationModel, HandoverModel, Pong, destination_model
from relay.control.problems import JSON
from relay.control.service import Control
from relay.control.wanted import Precondition, Wanted
from relay.destinations.model import Destination
from relay.handover.render import Form, render


class Answers:
    """Does what `control` does and answers with the destination, as `shown` lets the caller see it."""

    def __init__(
        self, control: Control, shown: Callable[[DestinationModel], DestinationModel] = lambda model: model
    ) -> None:
        self._control = control
        self._shown = shown

    def get(self, customer: str, name: str) -> Response[Any]:
        """Answer with a destination."""
        return self._answer(self._control.get(customer, name))

    def put(self, customer: str, name: str, wanted: Wanted, actor: str, condition: Precondition) -> Response[Any]:
        """Create a destination and answer 201, or change it and answer 200."""
        first = not self._control.destinations(customer)
        found, new = self._control.put(customer, name, wanted, actor, condition)
        effective_at = self._control.effective_at(found, first=first)
        return self._answer(found, status=201 if new else 200, effective_at=effective_at)

    def delete(self, customer: str, name: str, actor: str, *, discard: bool) -> Response[None]:
        """Delete a destination and answer 204."""
        self._control.delete(customer, name, discard=discard, actor=actor)
        return Response(204, None, None)

    def pause(self, customer: str, name: str, actor: str) -> Response[Any]:
        """Hold entries from now on."""
        return self._changed(self._control.pause(customer, name, actor))

    def resume(self, customer: str, name: str, actor: str) -> Response[Any]:
        """Put entries again."""
        return self._changed(self._control.resume(customer, name, actor))

    def release(self, customer: str, name: str, since: datetime | None, actor: str) -> Response[Any]:
        """Start delivery."""
        return self._answer(self._control.release(customer, name, since, actor))

    def ping(self, customer: str, name: str, actor: str) -> Response[Any]:
        """Send a test event and answer with its id."""
        return Response(200, JSON, Pong(event_id=self._control.ping(customer, name, actor)))

    def handover(self, customer: str, name: str, form: Form) -> Response[Any]:
        """Answer with what the customer deploys to receive events."""
        return Response(200, JSON, HandoverModel(text=render(self._control.get(customer, name), form)))

    def model(
        self, found: Destination, *, count: bool = True, effective_at: datetime | None = None
    ) -> DestinationModel:
        """Return a destination as the caller may see it; with `count`, what waits for it is counted."""
        services = self._control.services
        held = services.count_held(found) if count else None
        return self._shown(destination_model(found, held, services.now(), effective_at))

    def _changed(self, found: Destination) -> Response[Any]:
        return self._answer(found, effective_at=self._control.effective_at(found, first=False))

    def _answer(self, found: Destination, *, status: int = 200, effective_at: datetime | None = None) -> Response[Any]:
        return Response(status, JSON, self.model(found, effective_at=effective_at), headers={"ETag": found.etag})

"""The tools that change something: only `relayctl mcp --allow-changes` has them."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from relayctl import output
from relayctl.assistant import answers
from relayctl.assistant.answers import Answer
from relayctl.assistant.looking import (
    Customer,
    DestinationName,
    ErrorCode,
    LetterId,
    OlderThan,
    RouteName,
    SourcePrefix,
    letter_filter,
)
from relayctl.assistant.relay import Relay
from relayctl.control import destination_path
from relayctl.dead_letter_queue import Filter


@dataclass(frozen=True, slots=True)
class ChangingTools:
    """Each method is a tool that changes the deployed relay, and loses nothing."""

    relay: Relay

    def dead_letters_redrive(
        self,
        id: LetterId | None = None,  # noqa: A002 # the name that the assistant sees
        route: RouteName = None,
        error: ErrorCode = None,
        source: SourcePrefix = None,
        older_than: OlderThan = None,
    ) -> Answer:
        """Send dead letters back to the retry queue, from where the relay delivers them to customers.

        Needs at least one parameter that says which. What fails again becomes a dead letter again, so first mend what
        was wrong. Returns how many were sent.
        """
        queue = self.relay.dead_letters()
        letters = queue.receive_matching(_some(letter_filter(route, error, source, older_than, id)))
        for letter in letters:
            queue.redrive(letter)
        return answers.answer({"redriven": len(letters)})

    def destinations_pause(self, customer: Customer, name: DestinationName) -> Answer:
        """Hold the entries of a destination from now on, until destinations_resume. Returns the destination."""
        return self._post(customer, name, "pause")

    def destinations_resume(self, customer: Customer, name: DestinationName) -> Answer:
        """Put the entries of a destination again, and release what was held. Returns the destination."""
        return self._post(customer, name, "resume")

    def destinations_release(
        self,
        customer: Customer,
        name: DestinationName,
        since: Annotated[
            str | None,
            Field(description="Send once more what was received since then: an RFC 3339 time. Makes duplicates."),
        ] = None,
    ) -> Answer:
        """Start the delivery of what is held for a destination now, without waiting. Returns the destination."""
        return self._post(customer, name, "release", {"since": since} if since else {})

    def destinations_ping(self, customer: Customer, name: DestinationName) -> Answer:
        """Send one test event to the customer's event bus. Returns its EventBridge id."""
        return self._post(customer, name, "ping")

    def _post(self, customer: str, name: str, operation: str, body: dict[str, str] | None = None) -> Answer:
        path = destination_path(customer, name, operation)
        return answers.answer(self.relay.control_api().call("POST", path, body), foreign=True)


@dataclass(frozen=True, slots=True)
class DestroyingTools:
    """Each method is a tool that loses something for good."""

    relay: Relay

    def dead_letters_discard(
        self,
        id: LetterId | None = None,  # noqa: A002 # the name that the assistant sees
        route: RouteName = None,
        error: ErrorCode = None,
        source: SourcePrefix = None,
        older_than: OlderThan = None,
    ) -> Answer:
        """Delete dead letters permanently: the customers never get their events. Ask a person first.

        Needs at least one parameter that says which. Returns how many were deleted.
        """
        queue = self.relay.dead_letters()
        letters = queue.receive_matching(_some(letter_filter(route, error, source, older_than, id)))
        for letter in letters:
            queue.delete(letter)
        return answers.answer({"discarded": len(letters)})


def _some(wanted: Filter) -> Filter:
    """Return the filter. Exit with code 2 if it matches every dead letter."""
    if wanted.matches_all():
        output.fail("Say which dead letters: set id, route, error, source or older_than.", output.MISTAKE)
    return wanted

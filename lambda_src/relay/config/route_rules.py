"""What the parts of a route may not say together: nothing unproven may decide which customer an event is for."""

from collections.abc import Iterator, Sequence

from relay.auth.handshake import DEFAULT_PATTERN
from relay.config.route import Route
from relay.http.body_formats import CLOUDEVENTS_BINARY, JSON
from relay.templates.template import Template

Problem = tuple[str, str]
"""A key of the route, and what was expected there."""

_UNSIGNED = (
    "is not signed, and one secret serves all customers: who has seen one webhook could send it again to another"
    " customer's bus"
)
_EXPECTED_SIGNED = (
    'Expected what is signed, or what chooses a secret for each customer (auth.secret = "acme/${path.customer}")'
)
_NOT_THEIRS = "is said by whoever holds the customer's secret, who could name another customer"
_NOT_SIGNED = "the body is not authenticated: who has seen one webhook can send another with a body of their own"
_PARTLY_SIGNED = "not every field of the body is signed: who has seen one webhook can send it again with others changed"


def problems(route: Route) -> Iterator[Problem]:
    """Yield every reason why the route cannot keep the relay's promise."""
    for key, why, remedy in _unproven(route):
        if key == "customer":
            yield key, f"{why}. {remedy}"
        elif not route.allow_forgeable_source:
            yield key, f"{why}. {remedy}, or allow_forgeable_source = true if you accept that"
    scheme = route.auth
    if route.body_format == CLOUDEVENTS_BINARY and scheme.signed_paths():
        yield (
            "body_format",
            'expected "cloudevents": a signature does not cover the headers that hold a CloudEvent\'s attributes',
        )
    if route.body_format != JSON and scheme.can_be_extended:
        yield (
            "body_format",
            'expected "json": without a closing bracket, more can be appended to what a plain hash covers',
        )
    elif not scheme.proves_format(route.body_format):
        yield (
            "body_format",
            'expected "json": where another body begins and ends, what is signed beside it does not tell',
        )
    for handshake in route.handshakes:
        if handshake.sign and not handshake.authenticate and handshake.pattern == DEFAULT_PATTERN:
            yield "handshake.pattern", "expected the exact form of what is signed for anybody who asks"


def warnings(route: Route, *, verified: bool) -> Iterator[str]:
    """Yield what an operator should know of a route that authenticates less than one may think."""
    if not route.auth.authenticates_sender:
        yield "nothing is authenticated: anybody who knows the URL can send events"
    elif not route.auth.authenticates_body:
        yield _PARTLY_SIGNED if route.auth.signs_request else _NOT_SIGNED
    if route.enroll:
        yield (
            "enrollment is open: whoever posts a secret first can sign; set enroll = false once your sender has done so"
        )
    if not verified:
        yield "the preset has not been verified against the sender's own documentation or library"
    if route.allow_forgeable_source:
        for key, why, _ in _unproven(route):
            yield f"{key}: {why}"


def shares_secrets(routes: Sequence[Route]) -> Iterator[tuple[int, str]]:
    """Yield the index of each route whose secret a customer of another route may choose, and what was expected.

    With `secret = "acme/${path.customer}"`, a customer called `github` would be proven by the secret `acme/github`.
    """
    fixed = {secret.text: route.name for route in routes for secret in route.secrets() if secret.is_fixed}
    for index, route in enumerate(routes):
        secret = route.auth.secret
        for name, owner in fixed.items() if secret and not secret.is_fixed else ():
            if secret and secret.can_be(name):
                yield (
                    index,
                    f'expected another beginning: a customer could choose "{name}", the secret of route "{owner}"',
                )


def signed_for_anybody(route: Route, routes: Sequence[Route]) -> tuple[str, ...]:
    """Return the patterns of what is signed with this route's secret for anybody who asks, by any route.

    Such an answer is never taken for the signature of a webhook.
    """
    return tuple(
        handshake.pattern
        for other in routes
        for handshake in other.handshakes
        if handshake.sign and not handshake.authenticate and _share_a_secret(other, route)
    )


def _share_a_secret(route: Route, other: Route) -> bool:
    ours, theirs = route.auth.secret, other.auth.secret
    return ours is not None and theirs is not None and ours.overlaps(theirs)


def _unproven(route: Route) -> Iterator[tuple[str, str, str]]:
    """Yield each key whose value chooses the customer and is neither signed nor what chose the secret.

    With it comes why that cannot be, and what was expected instead.
    """
    if route.bus:  # one event bus, the operator's own, for all
        return
    theirs = route.auth.secret.expressions() if route.auth.secret else []
    behind = {"delivery_id": route.delivery_id, "item": route.event.each}
    deciding = {"customer": route.customer, "event.source": route.event.source, "event.region": route.event.region}
    for key, template in deciding.items():
        for part in template.placeholders() if template else ():
            value = "${" + part.expression + "}"
            if part.expression in theirs:
                continue
            if not route.auth.covers(Template(value, (part,)), behind):
                yield key, f"{value} {_UNSIGNED}", _EXPECTED_SIGNED
            elif theirs and key != "event.region":
                yield key, f"{value} {_NOT_THEIRS}", f"Expected only what chose the secret (${{{theirs[0]}}})"

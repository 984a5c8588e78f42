"""The answers to AWS's questionnaire: questionnaire.md has the words, relay.toml the figures. Pure."""

from collections.abc import Iterable
from importlib import resources
from string import Template

from relay.config.model import Config
from relay.delivery.error_codes import BEFORE_SENDING, PERMANENT, REFUSES_SOURCE
from relay.pipeline.retry import GIVE_UP

FILL = "**TO FILL IN**"
"""What marks a field that only the partner knows."""
FIELDS = (
    ("Product, and what its events are for", "for AWS's page of partners"),
    ("Logo", "a file for the EventBridge console, in the formats that AWS names"),
    ("Contact for the integration", "name and e-mail address"),
    ("Contact for incidents of high severity", "a telephone number that is answered at any hour"),
    ("Expected events a second, average and peak", "for each Region"),
    ("Where customers read how to connect", "a URL"),
)
"""What a partner has to say that no program knows, and a hint."""
HELD = """\
The onboarding guide says to send at once; EventBridge answers with event ids, and drops what is sent to a `PENDING` source.
The webhook has been answered 2xx by then, so nobody would send the event again.
So we look at each source every minute, and keep what comes for one that is not `ACTIVE`, encrypted, for up to {days:g} days; it is sent once the customer has attached a bus.
Nothing is put to a source that nobody listens to, and no event is lost while a customer sets up."""  # noqa: E501 - one sentence a line
NOT_HELD = "They are sent at once whatever the state of the source is, and EventBridge drops those of a `PENDING` one."


def answers(relay: Config) -> str:
    """Return the questions and their answers for this relay.toml, in Markdown."""
    hold = relay.destinations.hold if relay.destinations else None
    dropped = "What was put since the last look, at most a minute before, EventBridge has dropped"
    template = Template(resources.files(__package__ or "").joinpath("questionnaire.md").read_text("utf-8"))
    return template.substitute(
        partner=relay.partner,
        holding=NOT_HELD if hold is None else HELD.format(days=hold / 86400),
        dropped=f"{dropped}; it is sent again from our archive, and some of it may arrive twice."
        if relay.archive
        else f"{dropped}.",
        retry=" or ".join(f"{seconds:g} s" for seconds in sorted({route.retry_for for route in relay.routes})),
        give_up=f"{GIVE_UP.total_seconds() / 3600:g}",
        permanent=_codes(code for code, reason in PERMANENT.items() if reason is not BEFORE_SENDING),
        refuses_source=_codes(REFUSES_SOURCE),
        request=f"{relay.limits.request:,}",
        entry=f"{relay.limits.entry:,}",
    ).rstrip()


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in sorted(codes))

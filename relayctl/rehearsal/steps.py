"""The steps of a rehearsal, in their order: what each is asked by, what it expects, and how it looks."""

from collections.abc import Sequence

from relayctl.rehearsal import events, page, sources
from relayctl.rehearsal.place import Place
from relayctl.walk import Step

STEPS: Sequence[Step[Place]] = (
    Step(
        "page",
        "a customer enters an AWS account and chooses a Region on a page",
        page.page,
        asked=("create 1", "create 2"),
    ),
    Step(
        "no-access",
        "nothing in the relay may enter a customer's account",
        sources.no_access,
        asked=("create 3",),
    ),
    Step(
        "create",
        "the control API creates a source at once; the customer's account has it, PENDING",
        sources.create,
        asked=("create 4", "at once"),
    ),
    Step(
        "unique-name",
        "each source has a name of its own, with the customer in it, and one owner",
        sources.unique_name,
        ["create"],
        asked=("create 5",),
    ),
    Step(
        "chosen-region",
        "a Region that the relay cannot use is refused, and a source is in the chosen Region alone",
        sources.chosen_region,
        ["create"],
        asked=("create 2",),
    ),
    Step(
        "expire",
        "a source that goes from PENDING to NONEXISTENT: what comes is held",
        events.expire,
        ["create"],
        asked=("describe",),
    ),
    Step(
        "attach",
        "the customer attaches a bus, the source becomes ACTIVE, and a test event arrives",
        events.attach,
        ["create"],
        asked=("send 1",),
    ),
    Step(
        "receive",
        "a signed webhook is answered 202, and its events are on the customer's bus with the ids of the answer",
        events.receive,
        ["attach"],
        asked=("send 1",),
    ),
    Step(
        "metadata",
        "detail and metadata of each event are what relay.toml makes of the webhook",
        events.metadata,
        ["receive"],
        asked=("send 2",),
    ),
    Step(
        "refuse",
        "PutPartnerEvents refuses the entries of a source that is gone: they are held, not lost",
        events.refuse,
        ["attach"],
        asked=("describe",),
    ),
    Step(
        "hold",
        "what comes for a PENDING source is held, is not put, and stands in the way of a deletion",
        events.hold,
        ["create"],
        asked=("describe", "pending"),
    ),
    Step(
        "release",
        "once the customer has attached a bus, what was held arrives",
        events.release,
        ["hold"],
        asked=("send 1",),
    ),
    Step(
        "pause",
        "a paused destination holds what comes, and a resumed one gets it",
        events.pause,
        ["attach"],
        asked=("send 1",),
    ),
    Step(
        "created-again",
        "the sources that are gone are created again under their names, and with a new bus what was held arrives",
        events.created_again,
        ["expire", "refuse"],
        asked=("describe", "created again"),
    ),
    Step(
        "list",
        "destinations are listed, of one customer and by the state of their source",
        sources.listed,
        ["unique-name"],
        asked=("create 1",),
    ),
    Step(
        "delete",
        "a deleted destination is gone, and its source with it, on both sides",
        sources.delete,
        ["attach"],
        asked=("delete",),
    ),
)

"""The names of what rehearsals make, by which it is found again."""

import re
import secrets

PREFIX = "rehearsal-"
"""How the names of customers and queues begin; a customer of the SaaS's own should have no such id."""


def new_id() -> str:
    """Return the id of a rehearsal: six characters."""
    return secrets.token_hex(3)


def is_of_rehearsal(name: str, run: str = "") -> bool:
    """Return whether a name is that of a rehearsal's customer or queue; of one run, if its id is given."""
    return re.match(f"{PREFIX}{run or '[0-9a-f]{6}'}(-|$)", name) is not None

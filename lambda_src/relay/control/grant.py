"""What a link to the customer's page allows. Apart from the tokens, whose library not every function has."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What the bearer may do: change destinations, or only look."""

    MANAGE = "manage"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: `scope` for the destinations of `customer`, to the person whom `actor` names.

    `return_url` is where the page leads back to, empty for nowhere.
    """

    customer: str
    scope: Scope
    actor: str
    return_url: str = ""

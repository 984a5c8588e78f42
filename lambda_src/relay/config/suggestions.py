"""Find what a misspelled name was probably meant to be."""

from collections.abc import Iterable

FORMER_KEYS = {
    "acknowledge": "response_body",
    "assign": "pair_separator",
    "body": "body_format",
    "claim_detail": "claim_check_detail",
    "claim_seconds": "claim_check_ttl",
    "covers": "signs",
    "enrol": "enroll",
    "id": "delivery_id",
    "id_is": "unique_delivery_id",
    "label": "pair_key",
    "like": "extends",
    "max_body_bytes": "limits.body",
    "max_entries": "limits.entries",
    "max_entry_bytes": "limits.entry",
    "max_request_bytes": "limits.request",
    "needs": "requires",
    "oversize": "on_oversize",
    "required": "required_claims",
    "retry_seconds": "retry_for",
    "separator": "list_separator",
}
"""The names that keys of relay.toml had before."""


def similar_names(name: str, names: Iterable[str]) -> list[str]:
    """Return the one of `names` that `name` was probably meant to be, if there is one."""
    import difflib  # for mistakes alone

    if FORMER_KEYS.get(name, "").partition(".")[0] in names:
        return [FORMER_KEYS[name]]
    return difflib.get_close_matches(name, list(names), 1)

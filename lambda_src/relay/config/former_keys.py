"""The names that keys of relay.toml had before, for the hint in a mistake; imported only when there is one."""

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

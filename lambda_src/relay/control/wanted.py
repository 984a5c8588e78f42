"""What a PUT wants of a destination, and what of it cannot be."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relay.control.errors import ControlError
from relay.destinations.model import CUSTOMER, NAME
from relay.entry import MAX_DETAIL_TYPE, MAX_SOURCE, SOURCE

MAX_DETAIL_TYPES = 100
MAX_METADATA = 10
MAX_BYTES = 8 * 1024
"""Of a destination's detail-types, description and metadata: a customer's destinations are read in one answer, and a
hundred of them are listed in one."""
_ACCOUNT = re.compile(r"[0-9]{12}")
_PATTERN = re.compile(r"[^*]*\*?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The body of a PUT, with its defaults. With `keep_metadata`, what there is of `metadata` stays as it is."""

    aws_account_id: str
    aws_region: str
    detail_types: tuple[str, ...] = ("*",)
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    keep_metadata: bool = False


@dataclass(frozen=True, slots=True)
class Precondition:
    """`if_match` is an entity tag that the destination has to have; `if_none_match` that there must be none."""

    if_match: str = ""
    if_none_match: bool = False

    @classmethod
    def of_headers(cls, if_match: str, if_none_match: str) -> "Precondition":
        """Return what the headers of these names ask for, empty if there are none. Raise ControlError 400."""
        if if_none_match not in {"", "*"}:
            raise ControlError(400, "invalid", "If-None-Match: expected *.", field="If-None-Match")
        return cls(if_match, bool(if_none_match))


def check_customer(customer: str) -> None:
    """Raise ControlError 422 unless it can be the id of a customer."""
    if not CUSTOMER.fullmatch(customer):
        raise _invalid("customer", f"expected {CUSTOMER.pattern}")


def check_name(name: str) -> None:
    """Raise ControlError 422 unless it can be the name of a destination."""
    if not NAME.fullmatch(name):
        raise _invalid("name", f"expected {NAME.pattern}")


def check_wanted(wanted: Wanted, partner: str, regions: Sequence[str]) -> None:
    """Raise ControlError 422 with the field that cannot be used."""
    if not _ACCOUNT.fullmatch(wanted.aws_account_id):
        raise _invalid("aws_account_id", "expected the 12 digits of an AWS account")
    if wanted.aws_region not in regions:
        detail = f"The relay cannot use {wanted.aws_region}; expected one of {', '.join(regions)}."
        raise ControlError(422, "region-not-available", detail, field="aws_region", regions=list(regions))
    if not 1 <= len(wanted.detail_types) <= MAX_DETAIL_TYPES:
        raise _invalid("detail_types", f"expected 1 to {MAX_DETAIL_TYPES} detail-types")
    for pattern in wanted.detail_types:
        if not 1 <= len(pattern) <= MAX_DETAIL_TYPE or not _PATTERN.fullmatch(pattern):
            expected = "expected a detail-type, with `*` at its end only"
            raise _invalid("detail_types", f"{expected}, got {pattern[:140]!r}")
    if len(wanted.metadata) > MAX_METADATA:
        raise _invalid("metadata", f"expected at most {MAX_METADATA} entries")
    size = len(json.dumps([wanted.detail_types, wanted.description, dict(wanted.metadata)]).encode())
    if size > MAX_BYTES:
        raise _invalid("detail_types", f"expected at most {MAX_BYTES} bytes with description and metadata, got {size}")
    if wanted.source and not _is_source(wanted.source, partner):
        raise _invalid("source", f"expected {partner}/…, at most {MAX_SOURCE} characters")


def _is_source(source: str, partner: str) -> bool:
    is_ours = source.startswith(f"{partner}/") and len(source) <= MAX_SOURCE
    return is_ours and re.fullmatch(SOURCE, source) is not None


def _invalid(name: str, expected: str) -> ControlError:
    return ControlError(422, "invalid", f"{name}: {expected}.", field=name)

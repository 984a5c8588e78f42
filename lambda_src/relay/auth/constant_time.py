"""Compare secrets and signatures: nothing else may."""

import hmac
from collections.abc import Sequence


def any_equal(expected: Sequence[bytes], candidates: Sequence[bytes]) -> bool:
    """Return True if a candidate is one of the expected values.

    The comparison takes constant time and does not stop at the first match, so that nothing about it can be timed.
    """
    matches = [hmac.compare_digest(value, candidate) for value in expected for candidate in candidates]
    return any(matches)

"""The AWS Regions, so that a misspelled one is a mistake in relay.toml and not an endpoint that does not exist.

A test compares them with botocore's list. A Region that is newer than the pinned botocore can be added here.
"""

from relay.config.suggestions import similar_names

_NAMES = """
us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 ca-west-1 mx-central-1 sa-east-1 sa-west-1
eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
af-south-1 il-central-1 me-central-1 me-south-1 me-west-1 ap-east-1 ap-east-2 ap-south-1 ap-south-2
ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 ap-southeast-3
ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
cn-north-1 cn-northwest-1 eusc-de-east-1 us-gov-east-1 us-gov-west-1
us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 eu-isoe-west-1
"""
REGIONS = frozenset(_NAMES.split())


def region_problem(region: str) -> str | None:
    """Return what was expected instead of `region`, or None if there is such a Region."""
    if region in REGIONS:
        return None
    letters = sorted(region.lower())
    swapped = [name for name in REGIONS if sorted(name) == letters]  # "us-esat-1" is as close to us-west-1
    candidates = swapped or _one_letter_more(region.lower()) or similar_names(region.lower(), sorted(REGIONS))
    named = " or ".join(f'"{name}"' for name in candidates)
    hint = f"(did you mean {named}?)" if candidates else 'such as "us-east-1"'
    return f"expected an AWS Region {hint}"


def _one_letter_more(region: str) -> list[str]:
    """Return the Regions that lack only one character to be `region`; "us-est-1" is us-east-1 and us-west-1."""
    return sorted(name for name in REGIONS if any(name[:at] + name[at + 1 :] == region for at in range(len(name))))

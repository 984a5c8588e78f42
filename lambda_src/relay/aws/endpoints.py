"""Find the Regional endpoints of AWS's services, for the partitions that the direct transport supports.

A test compares every Region of every partition with botocore's endpoint rules.
"""

import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

# From botocore, partitions.json: a pattern of the partition's Regions, and the suffix of its host names. A Region that
# matches none of them (one for intelligence services, or of a newer partition) is left to boto3.
_PARTITIONS = (
    (re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+"), "amazonaws.com"),
    (re.compile(r"us-gov-[a-z]+-\d+"), "amazonaws.com"),
    (re.compile(r"cn-[a-z]+-\d+"), "amazonaws.com.cn"),
    (re.compile(r"eusc-de-[a-z]+-\d+"), "amazonaws.eu"),
)

# Environment variables that only boto3 supports.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_ONLY_BOTO3 = (
    "AWS_CONFIG_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}


def supports(environment: Mapping[str, str], regions: Sequence[str]) -> bool:
    """Return whether boto3 would call `endpoint_url` too: no proxy, no FIPS, dual-stack or per-service endpoint."""
    if any(environment.get(name) for name in _ONLY_BOTO3):
        return False
    if any(name.startswith("AWS_ENDPOINT_URL_") or name.upper() in _PROXIES for name in environment):
        return False
    if configured := environment.get("AWS_ENDPOINT_URL"):
        return urlsplit(configured).path in {"", "/"}
    return all(_suffix(region) for region in regions)


def endpoint_url(service: str, region: str) -> str:
    """Return the base URL of a service: AWS_ENDPOINT_URL, or its Regional endpoint.

    `service` is its name in host names ("events").
    Raise ValueError for a Region that is not supported.
    """
    if configured := os.environ.get("AWS_ENDPOINT_URL"):
        return configured
    if suffix := _suffix(region):
        return f"https://{service}.{region}.{suffix}"
    raise ValueError(f"no endpoint is known for {region}")


def _suffix(region: str) -> str | None:
    return next((suffix for pattern, suffix in _PARTITIONS if pattern.fullmatch(region)), None)

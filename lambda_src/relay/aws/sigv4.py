"""Signature Version 4 for a POST of JSON to the root of a service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """An access key; `token` is the session token of a role."""

    access_key: str
    secret_key: str
    token: str | None


def sign_headers(
    headers: Mapping[str, str], body: bytes, scope: tuple[str, str], credentials: Credentials, now: datetime
) -> dict[str, str]:
    """Return `headers`, with the date and a signature over all of them and `body`.

    `headers` include the host; their names are in lower case, their values without spaces around. `scope` is the Region
    and the service; `now` is in UTC.
    """
    time = now.strftime("%Y%m%dT%H%M%SZ")
    day = time[:8]
    all_headers = {**headers, "x-amz-date": time}
    if credentials.token:
        all_headers["x-amz-security-token"] = credentials.token
    names = sorted(all_headers)
    signed_names = ";".join(names)
    canonical = "".join(
        ["POST\n/\n\n", *(f"{name}:{all_headers[name]}\n" for name in names), "\n", signed_names, "\n", _sha256(body)]
    )
    credential_scope = f"{day}/{scope[0]}/{scope[1]}/aws4_request"
    text = f"{_ALGORITHM}\n{time}\n{credential_scope}\n{_sha256(canonical.encode())}"
    signature = hmac.new(_key(credentials.secret_key, day, *scope), text.encode(), hashlib.sha256).hexdigest()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{credential_scope}, "
        f"SignedHeaders={signed_names}, Signature={signature}"
    )
    return all_headers


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=16)
def _key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key for signing; it is good for a day, so it is cached."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key

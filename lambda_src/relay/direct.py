"""The direct transport: AWS's JSON protocol over one kept HTTPS connection for each service and Region.

Instead of a botocore client, which is most of a cold start and half of a warm webhook (docs/performance.md). It signs
what botocore would sign, goes where botocore would go and gives botocore's error codes: the tests compare.
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
import os
import random
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from relay import sigv4
from relay.call import CallFailed, Patience, Service
from relay.http1 import Connection
from relay.sigv4 import Credentials

if TYPE_CHECKING:
    from botocore.credentials import Credentials as Found

_JSON = "application/x-amz-json-1.1"

# botocore, partitions.json: the suffixes of the partitions, by how their Regions begin.
_SUFFIXES = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu"}
_PUBLIC = ("af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-east-", "us-west-", "us-gov-")

# What the SDK reads of an environment, and this does not.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_ONLY_SDK = (
    "AWS_CONFIG_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

# botocore, retries/standard.py, without the codes of other services
_TRANSIENT = {
    "LimitExceededException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_TRANSIENT_STATUS = {429, 500, 502, 503, 504}

_PAUSE_SECONDS = 0.1


def suits(environment: Mapping[str, str], regions: Sequence[str]) -> bool:
    """Whether this goes where botocore would: not through proxies, nor to FIPS, dual-stack or configured endpoints."""
    if any(environment.get(name) for name in _ONLY_SDK):
        return False
    if any(name.startswith("AWS_ENDPOINT_URL_") or name.upper() in _PROXIES for name in environment):
        return False
    if configured := environment.get("AWS_ENDPOINT_URL"):
        return urlsplit(configured).path in {"", "/"}
    return all(region.startswith((*_SUFFIXES, *_PUBLIC)) for region in regions)


def url(service: Service, region: str) -> str:
    """Where the service is: AWS_ENDPOINT_URL, or its Regional endpoint."""
    if configured := os.environ.get("AWS_ENDPOINT_URL"):
        return configured
    suffix = next((suffix for start, suffix in _SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"https://{service.name}.{region}.{suffix}"


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], patience: Patience
) -> dict[str, Any]:
    """The answer of an operation. Raises CallFailed; throttling, 5xx and lost connections only after all attempts."""
    body = json.dumps(parameters).encode()
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311 - full jitter, no secret
        try:
            status, content = _endpoint(service, region).post(f"{service.target}.{operation}", body, patience)
        except CallFailed as error:
            failed = error
            continue
        if status == HTTPStatus.OK:
            return _parsed(content)
        failed = refusal(status, content)
        if status not in _TRANSIENT_STATUS and failed.code not in _TRANSIENT:
            break
    raise failed


def connect(service: Service, region: str, patience: Patience) -> None:
    """Before there is anything to send. Raises CallFailed; the next call tries again."""
    _endpoint(service, region).connected(patience)


def refusal(status: int, content: bytes) -> CallFailed:
    """The error of an answer, as botocore's JSON parser reads it."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and (not content.strip() or content.strip().startswith(b"<html>")):
        return CallFailed(str(status), _phrase(status))
    try:
        found = json.loads(content)
    except ValueError:
        found = {"message": content.decode("utf-8", "replace")}
    body: Mapping[str, Any] = found if isinstance(found, dict) else {}
    code = str(body.get("__type", status)).partition(":")[0].rpartition("#")[2]
    return CallFailed(code, str(body.get("message", body.get("Message", ""))))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise CallFailed("InvalidResponse", f"the answer is not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise CallFailed("InvalidResponse", "the answer is not a JSON object")
    return answer


class _Endpoint:
    """One service in one Region, and the connection to it; used by one thread at a time."""

    def __init__(self, url: str, scope: tuple[str, str]) -> None:
        self._url = urlsplit(url)
        self._scope = scope
        self._connection: Connection | None = None

    def post(self, target: str, body: bytes, patience: Patience) -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers = {"content-type": _JSON, "host": self._url.netloc, "x-amz-target": target}
        signed = sigv4.signed(headers, body, self._scope, credentials(), datetime.now(UTC))
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):  # what the SDK sends in a function too; not signed
            signed["x-amzn-trace-id"] = trace
        lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        connection = self.connected(patience)
        try:
            return connection.exchange(head.encode() + body, patience.read_seconds)
        except TimeoutError as error:
            raise self._failed("ReadTimeoutError", error) from error
        except OSError as error:
            raise self._failed("ConnectionClosedError", error) from error

    def connected(self, patience: Patience) -> Connection:
        """The connection as it is, or a new one if AWS has closed it meanwhile."""
        if self._connection and self._connection.is_open():
            return self._connection
        self.close()
        tls = _tls() if self._url.scheme == "https" else None
        port = self._url.port or (443 if tls else 80)
        try:
            self._connection = Connection(self._url.hostname or "", port, tls, patience.connect_seconds)
        except TimeoutError as error:
            raise self._failed("ConnectTimeoutError", error) from error
        except ssl.SSLError as error:
            raise self._failed("SSLError", error) from error
        except OSError as error:
            raise self._failed("EndpointConnectionError", error) from error
        return self._connection

    def close(self) -> None:
        """The next request opens its own connection."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _failed(self, code: str, error: Exception) -> CallFailed:
        self.close()
        return CallFailed(code, f"{self._url.geturl()}: {error}")


_endpoints: dict[tuple[Service, str], _Endpoint] = {}


def _endpoint(service: Service, region: str) -> _Endpoint:
    key = (service, region)
    return _endpoints.get(key) or _endpoints.setdefault(key, _Endpoint(url(*key), (region, service.name)))


def disconnect() -> None:
    """Close every connection; the next call opens its own."""
    while _endpoints:
        _endpoints.popitem()[1].close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))


def credentials() -> Credentials:
    """The role's, from the environment; after SnapStart, and outside of Lambda, what botocore finds.

    Raises CallFailed if there are none.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))
    from botocore.exceptions import BotoCoreError

    try:
        if found := _found_by_botocore():
            frozen = found.get_frozen_credentials()  # renewed before they expire
            return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)
    except BotoCoreError as error:
        raise CallFailed(type(error).__name__, str(error)) from error
    raise CallFailed("NoCredentialsError", "Unable to locate credentials")


@cache
def _found_by_botocore() -> "Found | None":
    from botocore.session import get_session

    return get_session().get_credentials()

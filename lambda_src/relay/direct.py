"""The direct transport: AWS's JSON protocol over one kept HTTPS connection for each service and Region.

Instead of a botocore client, which is most of a cold start and half of a warm webhook (docs/performance.md). It signs
what botocore would sign, goes where botocore would go and gives botocore's error codes: the tests compare.
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import http.client
import json
import os
import random
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from relay import sigv4
from relay.call import CallFailed, Patience, Service
from relay.sigv4 import Credentials

if TYPE_CHECKING:
    from botocore.credentials import Credentials as Found

_JSON = "application/x-amz-json-1.1"

# botocore, partitions.json: the suffixes of the partitions, by how their Regions begin.
_SUFFIXES = {"cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov", "eusc-": "amazonaws.eu"}
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
    return "AWS_ENDPOINT_URL" in environment or all(region.startswith((*_SUFFIXES, *_PUBLIC)) for region in regions)


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
            status, content = _connection(service, region).post(f"{service.target}.{operation}", body, patience)
        except CallFailed as error:
            failed = error
            continue
        if status == http.HTTPStatus.OK:
            return _parsed(content)
        failed = refusal(status, content)
        if status not in _TRANSIENT_STATUS and failed.code not in _TRANSIENT:
            break
    raise failed


def open_connection(service: Service, region: str, patience: Patience) -> None:
    """Connect before there is anything to send, if that can be done: the first webhook need not wait for it."""
    connection = _connection(service, region)
    try:
        connection.open(patience)
    except CallFailed:
        connection.close()


def refusal(status: int, content: bytes) -> CallFailed:
    """The error of an answer, as botocore's JSON parser reads it."""
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR and (not content or content.lstrip().startswith(b"<html>")):
        return CallFailed(str(status), http.client.responses.get(status, ""))
    try:
        found = json.loads(content)
    except ValueError:
        found = {"message": content.decode("utf-8", "replace")}
    body: Mapping[str, Any] = found if isinstance(found, dict) else {}
    code = str(body.get("__type", status)).partition(":")[0].rpartition("#")[2]
    return CallFailed(code, str(body.get("message", body.get("Message", ""))))


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise CallFailed("InvalidResponse", f"the answer is not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise CallFailed("InvalidResponse", "the answer is not a JSON object")
    return answer


class _Connection:
    """To one service in one Region; used by one thread at a time."""

    def __init__(self, url: str, scope: tuple[str, str]) -> None:
        self._url = urlsplit(url)
        self._scope = scope
        self._http: http.client.HTTPConnection | None = None

    def post(self, target: str, body: bytes, patience: Patience) -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers = {"content-type": _JSON, "host": self._url.netloc, "x-amz-target": target}
        signed = sigv4.signed(headers, body, self._scope, credentials(), datetime.now(UTC))
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):  # what the SDK sends in a function too; not signed
            signed["x-amzn-trace-id"] = trace
        connection = self.open(patience)
        try:
            connection.request("POST", "/", body, signed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except TimeoutError as error:
            raise self._failed("ReadTimeoutError", error) from error
        except (http.client.HTTPException, OSError) as error:
            raise self._failed("ConnectionClosedError", error) from error

    def open(self, patience: Patience) -> http.client.HTTPConnection:
        """The connection as it is, or a new one if AWS has closed it meanwhile."""
        if self._http and self._http.sock and _is_open(self._http.sock):
            self._http.sock.settimeout(patience.read_seconds)
            return self._http
        self.close()
        host, port = self._url.hostname or "", self._url.port
        self._http = (
            http.client.HTTPSConnection(host, port, timeout=patience.connect_seconds, context=_tls())
            if self._url.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=patience.connect_seconds)
        )
        try:
            self._http.connect()
        except TimeoutError as error:
            raise self._failed("ConnectTimeoutError", error) from error
        except ssl.SSLError as error:
            raise self._failed("SSLError", error) from error
        except OSError as error:
            raise self._failed("EndpointConnectionError", error) from error
        self._http.sock.settimeout(patience.read_seconds)
        return self._http

    def close(self) -> None:
        """Nothing is kept of it."""
        if self._http:
            self._http.close()
        self._http = None

    def _failed(self, code: str, error: Exception) -> CallFailed:
        self.close()
        return CallFailed(code, f"{self._url.geturl()}: {error or type(error).__name__}")


_connections: dict[tuple[Service, str], _Connection] = {}


def _connection(service: Service, region: str) -> _Connection:
    key = (service, region)
    return _connections.get(key) or _connections.setdefault(key, _Connection(url(*key), (region, service.name)))


def disconnect() -> None:
    """Close every connection; the next call opens its own."""
    while _connections:
        _connections.popitem()[1].close()


def _is_open(socket: Any) -> bool:
    """Whether a connection on which no answer is due can take a request.

    One that can be read from has been closed by the other side, unless that is TLS's own talk (session tickets).
    """
    socket.settimeout(0)
    try:
        socket.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


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

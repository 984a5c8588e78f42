"""The direct transport: AWS's JSON protocol over one kept HTTPS connection for each service and Region.

It replaces a botocore client, which is most of a cold start and half of the time of a warm webhook
(docs/explanation/performance.md). It signs what botocore would sign, calls the endpoints that botocore would call and
raises botocore's error codes: the tests compare them.
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import os
import random
import re
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from relay import process_cache
from relay.aws import credentials, endpoints, request_body, sigv4
from relay.aws.api import USER_AGENT, AwsError, CallOptions, PlannedCall, Service
from relay.aws.connection import Connection, HttpResponse
from relay.templates import strict_json

_JSON = "application/x-amz-json-"
_USER_AGENT = "{} lang/python#{}.{}.{}".format(USER_AGENT, *sys.version_info)

# From botocore, handlers.py: a part of the trace may be the sender's, and stops no call.
_TRACE_CHARACTERS = "-=;:+&[]{}\"',"

# From botocore, retries/standard.py, without the codes of other services.
_TRANSIENT_CODES = {
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
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
# From the operating system: functions restored from one SnapStart snapshot share the state of `random`.
_RANDOM = random.SystemRandom()


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
) -> dict[str, Any]:
    """Return the answer of an operation.

    Raise AwsError: for throttling, 5xx and lost connections after all attempts, else after the first.
    """
    body = request_body.dump(parameters)
    for attempt in range(options.max_attempts):
        if attempt:
            time.sleep(_RANDOM.uniform(0, _PAUSE_SECONDS * 2**attempt))
        try:
            response = _find_endpoint(service, region).post(service, operation, body, options)
        except AwsError as error:
            last_error = error
            continue
        if response.status == HTTPStatus.OK:
            return _parse_answer(response.content)
        last_error = parse_error(response)
        if response.status not in _TRANSIENT_STATUS and last_error.code not in _TRANSIENT_CODES:
            break
    raise last_error


def begin(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], options: CallOptions
) -> Callable[[], dict[str, Any]]:
    """Send the request of an operation, and return how to receive its answer later. Both raise AwsError.

    There is one attempt, and nothing else may be sent to the service in this Region until its answer is received.
    """
    body = request_body.dump(parameters)
    receive = _find_endpoint(service, region).send(service, operation, body, options)

    def finish() -> dict[str, Any]:
        response = receive()
        if response.status == HTTPStatus.OK:
            return _parse_answer(response.content)
        raise parse_error(response)

    return finish


def warm_up(planned: Sequence[PlannedCall], *, snapshot: bool) -> None:
    """Connect to the first service, so that the first webhook need not wait for it. Raise AwsError.

    A connection does not survive a snapshot. For one, read the trusted certificates, which takes long, and find the
    credentials, for which botocore has to be imported.
    """
    service, region, options = planned[0]
    if snapshot:
        host = urlsplit(endpoints.endpoint_url(service.name, region)).hostname or ""
        _tls_context(_authorities(host))
        credentials.get_credentials()
    else:
        _find_endpoint(service, region).connect(options)


def parse_error(response: HttpResponse) -> AwsError:
    """Return the error in a response, as botocore's JSON parser reads it.

    If the body does not name its type, the header does, as other SDKs read it.
    https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
    """
    status, headers, content = response
    request_id = headers.get("x-amzn-RequestId") or ""
    error_type = headers.get("x-amzn-ErrorType")
    start = content.strip()
    if not error_type and status >= HTTPStatus.INTERNAL_SERVER_ERROR and (not start or start.startswith(b"<html>")):
        return AwsError(str(status), _phrase(status), request_id)
    try:
        document = strict_json.parse(content.decode())
    except ValueError:  # not UTF-8, not JSON, or nested too deeply
        document = {"message": content.decode("utf-8", "replace")}
    body: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = str(body.get("__type", error_type or status)).partition(":")[0].rpartition("#")[2]
    return AwsError(code, str(body.get("message", body.get("Message", ""))), request_id)


def _phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for a status that HTTP does not define."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _parse_answer(content: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer. Raise AwsError."""
    try:
        answer = strict_json.parse(content.decode())
    except ValueError as error:
        raise AwsError("InvalidResponse", f"the answer is not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise AwsError("InvalidResponse", "the answer is not a JSON object")
    return answer


class _Endpoint:
    """One service in one Region, and the connection to it; used by one thread at a time."""

    def __init__(self, url: str, scope: tuple[str, str]) -> None:
        self._url = urlsplit(url)
        self._scope = scope
        self._connection: Connection | None = None

    def post(self, service: Service, operation: str, body: bytes, options: CallOptions) -> HttpResponse:
        """Return the response, whatever its status. Raise AwsError.

        A failure on a kept connection may be that connection's own: the request is sent again, at once, on a new one.
        So one request takes at most twice `read_timeout`, and `connect_timeout`.
        """
        headers = self._headers(service, operation, body)
        if self._connection and self._connection.is_usable():
            with suppress(AwsError):
                return self._exchange(self._connection, headers, body, options)
        return self._exchange(self.connect(options), headers, body, options)

    def send(self, service: Service, operation: str, body: bytes, options: CallOptions) -> Callable[[], HttpResponse]:
        """Send a request, and return how to receive its response. Both raise AwsError."""
        headers = self._headers(service, operation, body)
        connection = self._connection
        if not connection or not connection.is_usable():
            connection = self.connect(options)
        try:
            connection.send(headers, body, options.read_timeout)
        except OSError as error:
            raise self._lost(error) from error

        def receive() -> HttpResponse:
            try:
                return connection.receive(options.read_timeout)
            except OSError as error:
                raise self._lost(error) from error

        return receive

    def _headers(self, service: Service, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "content-type": _JSON + service.json_version,
            "host": self._url.netloc,
            "x-amz-target": f"{service.target_prefix}.{operation}",
        }
        headers = sigv4.sign_headers(headers, body, self._scope, credentials.get_credentials(), datetime.now(UTC))
        headers["user-agent"] = _USER_AGENT  # like the trace, not signed: proxies may change it; botocore does the same
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):
            headers["x-amzn-trace-id"] = quote(trace, safe=_TRACE_CHARACTERS)
        return headers

    def connect(self, options: CallOptions) -> Connection:
        """Open a new connection in place of the old one. Raise AwsError."""
        self.close()
        try:
            self._connection = self._open(options)
        except TimeoutError as error:
            raise self._close_with("ConnectTimeoutError", error) from error
        except ssl.SSLError as error:
            raise self._close_with("SSLError", error) from error
        except OSError as error:
            raise self._close_with("EndpointConnectionError", error) from error
        return self._connection

    def _open(self, options: CallOptions) -> Connection:
        """Return a new connection. Raise OSError: TimeoutError, ssl.SSLError."""
        host = self._url.hostname or ""
        if self._url.scheme != "https":
            return Connection(host, self._url.port or 80, None, options.connect_timeout)
        port, bundle = self._url.port or 443, _authorities(host)
        try:
            return Connection(host, port, _tls_context(bundle), options.connect_timeout)
        except ssl.SSLCertVerificationError:
            if bundle != AMAZON_ROOTS:
                raise
        return Connection(host, port, _tls_context(None), options.connect_timeout)  # Amazon has a new authority

    def close(self) -> None:
        """Close the connection; the next request opens its own."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _exchange(
        self, connection: Connection, headers: Mapping[str, str], body: bytes, options: CallOptions
    ) -> HttpResponse:
        try:
            return connection.post(headers, body, options.read_timeout)
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> AwsError:
        """Close the connection that failed, and return the error."""
        return self._close_with(
            "ReadTimeoutError" if isinstance(error, TimeoutError) else "ConnectionClosedError", error
        )

    def _close_with(self, code: str, error: Exception) -> AwsError:
        """Close the connection and return the error that ended it."""
        self.close()
        return AwsError(code, f"{self._url.geturl()}: {error}")


_endpoints: dict[tuple[Service, str], _Endpoint] = {}


def _find_endpoint(service: Service, region: str) -> _Endpoint:
    key = (service, region)
    if endpoint := _endpoints.get(key):
        return endpoint
    return _endpoints.setdefault(key, _Endpoint(endpoints.endpoint_url(service.name, region), (region, service.name)))


def close_connections() -> None:
    """Close every connection; the next call opens its own."""
    while _endpoints:
        _endpoints.popitem()[1].close()


AMAZON_ROOTS = str(Path(__file__).with_name("amazon_roots.pem"))
"""The five authorities of AWS's endpoints: to read all that a system trusts is a quarter of a cold start."""

_OF_AMAZON = re.compile(r"[a-z0-9-]+\.[a-z]+-[a-z]+-\d+\.amazonaws\.com")


def _authorities(host: str) -> str | None:
    """Return the file of the authorities that are trusted for a host; None for the operating system's."""
    configured = os.environ.get("AWS_CA_BUNDLE")
    return configured or (AMAZON_ROOTS if _OF_AMAZON.fullmatch(host) else None)


@process_cache.once
def _tls_context(authorities: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authorities)

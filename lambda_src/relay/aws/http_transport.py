"""The direct transport: AWS's JSON protocol over one kept HTTPS connection for each service and Region.

Instead of a botocore client, which is most of a cold start and half of a warm webhook
(docs/explanation/performance.md). It signs what botocore would sign, goes where botocore would go and gives
botocore's error codes: the tests compare.
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
import os
import random
import ssl
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from relay.aws import credentials, endpoints, sigv4
from relay.aws.api import USER_AGENT, AwsError, CallOptions, Service, Use
from relay.aws.connection import Answer, Connection
from relay.templates import strict_json

_JSON = "application/x-amz-json-1.1"
_USER_AGENT = "{} lang/python#{}.{}.{}".format(USER_AGENT, *sys.version_info)

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
# From the operating system: functions restored from one SnapStart snapshot share the state of `random`.
_CHANCE = random.SystemRandom()


def call(
    service: Service, region: str, operation: str, parameters: Mapping[str, Any], patience: CallOptions
) -> dict[str, Any]:
    """Return the answer of an operation.

    Raises AwsError; for throttling, 5xx and lost connections only after all attempts.
    """
    body = json.dumps(parameters).encode()
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(_CHANCE.uniform(0, _PAUSE_SECONDS * 2**attempt))
        try:
            answer = _endpoint(service, region).post(f"{service.target}.{operation}", body, patience)
        except AwsError as error:
            failed = error
            continue
        if answer.status == HTTPStatus.OK:
            return _parsed(answer.content)
        failed = refusal(answer)
        if answer.status not in _TRANSIENT_STATUS and failed.code not in _TRANSIENT:
            break
    raise failed


def prepare(uses: Sequence[Use], *, snapshot: bool) -> None:
    """Do while the function starts what the first webhook would wait for. Raises AwsError.

    A connection would be dead in a snapshot. There it is the trusted certificates, which take long to read, and the
    credentials, for which botocore has to be imported.
    """
    if snapshot:
        _tls()
        credentials.current()
    else:
        service, region, patience = uses[0]
        _endpoint(service, region).connect(patience)


def refusal(answer: Answer) -> AwsError:
    """Return the error of an answer, as botocore's JSON parser reads it.

    A body that does not name its type is what the header says, as other SDKs read it.
    https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
    """
    status, headers, content = answer
    request_id = headers.get("x-amzn-RequestId") or ""
    named = headers.get("x-amzn-ErrorType")
    start = content.strip()
    if not named and status >= HTTPStatus.INTERNAL_SERVER_ERROR and (not start or start.startswith(b"<html>")):
        return AwsError(str(status), _phrase(status), request_id)
    try:
        found = strict_json.parse(content.decode())
    except ValueError:  # not UTF-8, not JSON, or nested too deeply
        found = {"message": content.decode("utf-8", "replace")}
    body: Mapping[str, Any] = found if isinstance(found, dict) else {}
    code = str(body.get("__type", named or status)).partition(":")[0].rpartition("#")[2]
    return AwsError(code, str(body.get("message", body.get("Message", ""))), request_id)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _parsed(content: bytes) -> dict[str, Any]:
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

    def post(self, target: str, body: bytes, patience: CallOptions) -> Answer:
        """Return the answer, whatever its status. Raises AwsError.

        What fails on a kept connection may be its own fault: it is tried once more, at once, on a new one. So one
        request takes at most twice `read_seconds`, and `connect_seconds`.
        """
        headers = {"content-type": _JSON, "host": self._url.netloc, "x-amz-target": target}
        headers = sigv4.signed(headers, body, self._scope, credentials.current(), datetime.now(UTC))
        headers["user-agent"] = _USER_AGENT  # neither is signed, since proxies may change them; botocore does as much
        if trace := os.environ.get("_X_AMZN_TRACE_ID"):
            headers["x-amzn-trace-id"] = trace
        if self._connection and self._connection.is_usable():
            with suppress(AwsError):
                return self._exchange(self._connection, headers, body, patience)
        return self._exchange(self.connect(patience), headers, body, patience)

    def connect(self, patience: CallOptions) -> Connection:
        """Open a new connection in place of the one there was. Raises AwsError."""
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
        """Close the connection; the next request opens its own."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _exchange(
        self, connection: Connection, headers: Mapping[str, str], body: bytes, patience: CallOptions
    ) -> Answer:
        try:
            return connection.post(headers, body, patience.read_seconds)
        except TimeoutError as error:
            raise self._failed("ReadTimeoutError", error) from error
        except OSError as error:
            raise self._failed("ConnectionClosedError", error) from error

    def _failed(self, code: str, error: Exception) -> AwsError:
        self.close()
        return AwsError(code, f"{self._url.geturl()}: {error}")


_endpoints: dict[tuple[Service, str], _Endpoint] = {}


def _endpoint(service: Service, region: str) -> _Endpoint:
    key = (service, region)
    if found := _endpoints.get(key):
        return found
    return _endpoints.setdefault(key, _Endpoint(endpoints.url(service.name, region), (region, service.name)))


def disconnect() -> None:
    """Close every connection; the next call opens its own."""
    while _endpoints:
        _endpoints.popitem()[1].close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))

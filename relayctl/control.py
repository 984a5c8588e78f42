"""The control API of a deployed relay: docs/openapi.json, signed with the caller's AWS credentials."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError, NoRegionError

TIMEOUT_SECONDS = 30


class ControlApiError(Exception):
    """The control API refused a request; the message says why and which field was wrong.

    `status` is that of its answer, None if there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class ControlApi:
    """The API at `url`, without a slash at its end, for the credentials of `session`.

    `ca_bundle` is the file of the certificates that are trusted, None for the usual ones.
    """

    url: str
    session: boto3.Session
    ca_bundle: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON of an answer, None if it has none. Raise ControlApiError and the SDK's errors."""
        url = self.url + path + (f"?{urlencode(query)}" if query else "")
        content = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(method, url, {"content-type": "application/json", **(headers or {})}, content)
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        if not self.session.region_name:
            raise NoRegionError
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", self.session.region_name).add_auth(request)
        try:
            answer = httpx.request(
                method,
                url,
                headers=dict(request.headers),
                content=content,
                timeout=TIMEOUT_SECONDS,
                verify=self.trusted(),
            )
        except httpx.HTTPError as error:
            raise ControlApiError(f"{self.url} could not be reached: {error}; see --control-url") from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise ControlApiError(_message(answer), answer.status_code)

    def trusted(self) -> ssl.SSLContext | bool:
        """Return whom HTTPS trusts, as httpx takes it."""
        return ssl.create_default_context(cafile=self.ca_bundle) if self.ca_bundle else True

    def destinations(self, customer: str | None, source_status: str | None) -> Iterator[Mapping[str, Any]]:
        """Yield the destinations of a customer, or of all; only those with this source status, unless it is None."""
        if customer:
            found = self.pages(f"{customer_path(customer)}/destinations", {})
            return (each for each in found if source_status in {None, each["source_status"]})
        return self.pages("/v1/destinations", {"source_status": source_status} if source_status else {})

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield the destinations of every page."""
        token = ""
        while True:
            page = self.call("GET", path, query={**query, "next_token": token} if token else query)
            yield from page["destinations"]
            token = page["next_token"] or ""
            if not token:
                return


def destination_path(customer: str, name: str, operation: str = "") -> str:
    """Return the path of a destination, or of an operation on it."""
    path = f"{customer_path(customer)}/destinations/{quote(name, safe='')}"
    return f"{path}/{operation}" if operation else path


def customer_path(customer: str) -> str:
    """Return the path of a customer."""
    return f"/v1/customers/{quote(customer, safe='')}"


def _message(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    detail = problem.get("detail") or problem.get("message") or answer.text[:200]
    if answer.status_code == HTTPStatus.FORBIDDEN:
        detail += " (these credentials may not call the control API: they need execute-api:Invoke on it)"
    return f"{answer.status_code} {answer.reason_phrase}: {detail}"

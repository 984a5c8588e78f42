"""The adapter to the secrets: Secrets Manager and Parameter Store.

An acceptance may rest on a copy of a secret that is five minutes old, a refusal only on one of the last five seconds.
So a rotation is seen after five seconds whatever strangers post, and a name costs at most one call in five seconds.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

from relay.auth.constant_time import any_equal
from relay.auth.secret_ref import SSM
from relay.aws.api import PARAMETER_STORE, SECRETS_MANAGER, STANDARD_RETRY, AwsCall, AwsError, Service
from relay.errors import Unauthorized, Unavailable
from relay.recent import RecentValues

MAX_AGE_SECONDS = 300
"""How long a value that was replaced or deleted may still authenticate webhooks."""
REFUSE_SECONDS = 5
"""How long a value that was added may still be unknown."""
MAX_NAMES = 1000  # with a secret for each customer, a stranger chooses names

_NOT_THERE = {"ResourceNotFoundException", "ParameterNotFound"}
_ANOTHER_VALUE = "ResourceExistsException"


class Secrets:
    """What the function has read of its secrets. `clock` is the time of day in seconds."""

    def __init__(self, call: AwsCall, clock: Callable[[], float] = time.time) -> None:
        self._call = call
        self._found: RecentValues[list[str]] = RecentValues(
            clock
        )  # never crowded out by names that a stranger makes up
        self._missing: RecentValues[list[str]] = RecentValues(clock, MAX_NAMES)
        self._failed: RecentValues[str] = RecentValues(clock, MAX_NAMES)

    def read(self, name: str) -> list[str]:
        """Return the active values: one text, or a JSON list of texts while one is rotated. None if there is no secret.

        Raise Unavailable if the secret cannot be read: the sender should try again, and nothing is let through.
        """
        values = self._found.get(name, MAX_AGE_SECONDS)
        return self.refresh(name) if values is None else values

    def refresh(self, name: str) -> list[str]:
        """Return the active values as they were less than five seconds ago: what a refusal rests on.

        Raise Unavailable as `read` does, and without another call for five seconds.
        """
        for known in (self._found, self._missing):
            if (values := known.get(name, REFUSE_SECONDS)) is not None:
                return values
        if reason := self._failed.get(name, REFUSE_SECONDS):
            raise _unavailable(f"{reason}, a moment ago")
        values = _values(self._stored(name))
        self._keep(name, values)
        return values

    def enroll(self, name: str, value: str) -> None:
        """Store the first value of a secret; do nothing if it is there already.

        Raise Unauthorized if the secret has another value, Unavailable if that cannot be known or stored now.
        """
        # What this function remembers is not asked: an operator may have set the secret a moment ago.
        if (stored := self._stored(name)) is None:
            try:
                self._ask(SECRETS_MANAGER, "PutSecretValue", _first_version(name, value))
                stored = value
            except AwsError as error:
                if error.code != _ANOTHER_VALUE:
                    raise Unavailable("The secret could not be stored.", reason=f"secret {name}: {error}") from error
        values = _values(stored)
        if not any_equal([one.encode("utf-8", "surrogatepass") for one in values], [value.encode()]):
            raise Unauthorized("enrollment is closed: the secret has another value")
        self._keep(name, values)

    def _stored(self, name: str) -> object:
        """Return what is stored; None if there is no such secret, or no value yet. Raise Unavailable."""
        try:
            return self._value(name)
        except AwsError as error:
            if error.code in _NOT_THERE:
                return None
            reason = f"secret {name}: {error}"
            self._failed.put(name, reason)
            raise _unavailable(reason) from error

    def _keep(self, name: str, values: list[str]) -> None:
        known, other = (self._found, self._missing) if values else (self._missing, self._found)
        other.forget(name)
        known.put(name, values)

    def _value(self, name: str) -> object:
        if name.startswith(SSM):
            parameters = {"Name": name.removeprefix(SSM), "WithDecryption": True}
            return (self._ask(PARAMETER_STORE, "GetParameter", parameters).get("Parameter") or {}).get("Value")
        # A secret that has no value yet: AWS answers that it is not found, the local AWS without a value.
        answer = self._ask(SECRETS_MANAGER, "GetSecretValue", {"SecretId": name})
        text, binary = answer.get("SecretString"), answer.get("SecretBinary")
        # The binary is in base64, unless it was the SDK that asked.
        return text if text is not None else base64.b64decode(binary) if isinstance(binary, str) else binary

    def _ask(self, service: Service, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._call(service, os.environ["AWS_REGION"], operation, parameters, STANDARD_RETRY)


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("The webhook cannot be verified now.", reason=reason)


def _first_version(name: str, value: str) -> dict[str, Any]:
    """Return the parameters of PutSecretValue that make the first of two simultaneous calls win.

    The token becomes the version's id, and a version cannot be changed: with one token for each secret, AWS ignores
    the same value and refuses another with ResourceExistsException.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    """
    token = hashlib.sha256(name.encode()).hexdigest()  # 64 characters, the most that AWS takes
    return {"SecretId": name, "SecretString": value, "ClientRequestToken": token}


def _values(value: object) -> list[str]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        return []
    try:
        several = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    if isinstance(several, list):
        return [one for one in several if isinstance(one, str)]
    return [value]

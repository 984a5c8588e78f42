"""The adapter to the secrets: Secrets Manager and Parameter Store. What was read is kept for five minutes."""

import base64
import json
import os
import time
from typing import Any

from relay.call import PARAMETER_STORE, SECRETS_MANAGER, SEVERAL, Call, CallFailed, Service
from relay.errors import Unavailable
from relay.secret_name import SSM

MAX_AGE_SECONDS = 300
REFRESH_SECONDS = 30
MAX_MISSING = 1000  # with a secret for each customer, a stranger chooses names

_NOT_THERE = {"ResourceNotFoundException", "ParameterNotFound"}


class Secrets:
    """What the function has read of its secrets."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._kept: dict[str, tuple[float, list[str]]] = {}
        self._missing: dict[str, float] = {}
        self._refreshed: dict[str, float] = {}

    def read(self, name: str) -> list[str]:
        """The active values: one text, or a JSON list of texts while one is rotated. None if there is no such secret.

        Raises Unavailable if the secret cannot be read: the sender should try again, and nothing is let through.
        A name that there is not is not asked for again for 30 s.
        """
        now = time.monotonic()
        until, values = self._kept.get(name, (now, []))
        if now < max(until, self._missing.get(name, now)):
            return values
        return self._fetch(name)

    def refresh(self, name: str) -> list[str]:
        """The values as they are now; none if they were refreshed less than 30 s ago.

        A rotation needs no deployment, and who posts bad signatures cannot make the relay hammer Secrets Manager.
        """
        now = time.monotonic()
        if now < self._refreshed.get(name, now):
            return []
        _remember(self._refreshed, name, now + REFRESH_SECONDS)
        return self._fetch(name)

    def enrol(self, name: str, value: str) -> None:
        """Store the first value of a secret. Raises Unavailable if that fails: the sender should try again."""
        self._missing.pop(name, None)
        # Whoever calls the API itself has to bring the token: it makes a second attempt harmless.
        parameters = {"SecretId": name, "SecretString": value, "ClientRequestToken": os.urandom(16).hex()}
        try:
            self._ask(SECRETS_MANAGER, "PutSecretValue", parameters)
        except CallFailed as error:
            raise Unavailable("The secret could not be stored.", reason=f"secret {name}: {error}") from error

    def _fetch(self, name: str) -> list[str]:
        try:
            values = _values(self._value(name))
        except CallFailed as error:
            if error.code not in _NOT_THERE:
                raise Unavailable("The webhook cannot be verified now.", reason=f"secret {name}: {error}") from error
            values = []
        now = time.monotonic()
        if values:
            self._missing.pop(name, None)
            self._kept[name] = (now + MAX_AGE_SECONDS, values)
        else:
            self._kept.pop(name, None)
            _remember(self._missing, name, now + REFRESH_SECONDS)
        return values

    def _value(self, name: str) -> object:
        if name.startswith(SSM):
            parameters = {"Name": name.removeprefix(SSM), "WithDecryption": True}
            return (self._ask(PARAMETER_STORE, "GetParameter", parameters).get("Parameter") or {}).get("Value")
        # A secret that has no value yet: AWS answers that it is not found, the local AWS without a value.
        answer = self._ask(SECRETS_MANAGER, "GetSecretValue", {"SecretId": name})
        binary = answer.get("SecretBinary")  # base64, unless it was the SDK that asked
        return answer.get("SecretString") or (base64.b64decode(binary) if isinstance(binary, str) else binary)

    def _ask(self, service: Service, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._call(service, os.environ["AWS_REGION"], operation, parameters, SEVERAL)


def _remember(names: dict[str, float], name: str, until: float) -> None:
    if len(names) >= MAX_MISSING:
        names.clear()
    names[name] = until


def _values(value: object) -> list[str]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return []
    try:
        several = json.loads(value)
    except ValueError:
        return [value]
    if isinstance(several, list):
        return [one for one in several if isinstance(one, str)]
    return [value]

"""IAM authorization of HTTP APIs, where the emulator lets through whoever sends any `Authorization` header.

AWS invokes the route only for a request that is signed (Signature Version 4, service `execute-api`) by somebody with
`execute-api:Invoke`. An HTTP API has no resource policy, so nobody of another account is let through.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html

Assumed, because the documentation shows no answer: 403 with the message "Forbidden", whatever the reason. A signature
in the query string, which AWS takes as well, is forbidden here.
"""

import base64
import json
import os
from typing import Any

INVOKE = "execute-api:Invoke"
SIGNED = "AWS4-HMAC-SHA256 "

Answer = tuple[int, dict[str, str], bytes]


class HttpApiIam:
    """Decides who gets through, in the place of the emulator's own `_enforce_execute_api`.

    `enforce` is that function: it checks the signature and the caller's policies. `apis` is the emulator's module of
    HTTP APIs, `parse_header_signature` and `account_id` are its own functions.
    """

    def __init__(self, enforce: Any, apis: Any, parse_header_signature: Any, account_id: Any) -> None:
        self._enforce = enforce
        self._apis = apis
        self._parse = parse_header_signature
        self._account_id = account_id

    def enforce(  # noqa: PLR0913, PLR0917 - the signature of the function that it replaces
        self,
        api_id: str,
        stage: str,
        method: str,
        path: str,
        headers: dict[str, str],
        query: dict[str, Any],
        iam_action: str = INVOKE,
    ) -> Answer | None:
        """Return the refusal, None if the request goes on to the route, or to the 404 that there is none."""
        owner = self._owner(api_id)
        if owner is None or iam_action != INVOKE:
            other: Answer | None = self._enforce(api_id, stage, method, path, headers, query, iam_action=iam_action)
            return other
        account, region = owner
        with self._apis.request_scope(account, region):
            authorization = self._apis.route_authorization_type(api_id, stage, method, path)
        if authorization != "AWS_IAM":
            return None
        if self._account_id() != account or not self._is_signed_for(region, headers):
            return _forbidden()
        return _forbidden() if self._enforce(api_id, stage, method, path, headers, query) else None

    def _owner(self, api_id: str) -> tuple[str, str] | None:
        """Return account and Region of an HTTP API, None if there is none with this id."""
        owners = ((account, region) for (account, region, key), _ in self._apis._apis.all_items() if key == api_id)
        return next(owners, None)

    def _is_signed_for(self, region: str, headers: dict[str, str]) -> bool:
        """Tell whether there is a signature for this service and Region, right or wrong."""
        if not headers.get("authorization", "").startswith(SIGNED):
            return False
        signature = self._parse(headers)
        return not isinstance(signature, tuple) and (signature.service, signature.region) == ("execute-api", region)


def _forbidden() -> Answer:
    headers = {"Content-Type": "application/json", "apigw-requestid": base64.b64encode(os.urandom(11)).decode()}
    return 403, headers, json.dumps({"message": "Forbidden"}).encode()

"""The whole page: a request is for a file, or for an operation; every answer has the same security headers."""

from collections.abc import Mapping
from typing import Any

from relay.control.errors import ControlError
from relay.control.page_access import PageAccess
from relay.control.problems import plain_problem
from relay.control.service import Control
from relay.page import api
from relay.page.security_headers import security_headers
from relay.page.static_files import StaticFile


class PageServer:
    """Answers requests to `/page` and below."""

    def __init__(
        self, control: Control, access: PageAccess, content: api.PageContent, files: Mapping[str, StaticFile]
    ) -> None:
        self._api = api.build(control, access, content)
        self._files = files
        self._headers = security_headers(content.page)

    def answer(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Return the answer to one request, in API Gateway's payload format 2.0."""
        return self._secured(self._answer(event, context))

    def internal_error(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request that raised an error nobody expected."""
        return self._secured(plain_problem(ControlError(500, "internal", "The page failed. Try again."), event))

    def _answer(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        path = str(event["rawPath"])
        if path.startswith(f"{api.ROOT}/"):
            return self._api.resolve(event, context)
        file = self._files.get(path)
        if file and event["requestContext"]["http"]["method"] == "GET":
            return file.answer()
        return plain_problem(ControlError(404, "no-such-path", "The page has no such file."), event)

    def _secured(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "headers": {**(answer.get("headers") or {}), **self._headers}}

"""Who may see the customer's page: a link that the SaaS's backend asks for, and the session that it opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from relay.control.errors import ControlError
from relay.control.grant import Grant
from relay.control.page_tokens import LINK, SESSION, Kind, PageKeyError, Token, TokenError, read, sign


@dataclass(frozen=True, slots=True)
class PageServices:
    """How links and sessions reach AWS.

    `read_keys` returns the signing keys, which may be some minutes old, `refresh_keys` those of the last five seconds;
    both raise OSError. `revoked_at` returns when all links and sessions of a customer were ended, None if never; it
    raises OSError. `record` writes the audit: what was done, by whom, and what it grants; it raises nothing.
    """

    read_keys: Callable[[], Sequence[str]]
    refresh_keys: Callable[[], Sequence[str]]
    revoked_at: Callable[[str], datetime | None]
    record: Callable[[str, str, Grant], None]
    now: Callable[[], datetime]


class PageAccess:
    """Makes the tokens of links and sessions, and reads them. Each method raises ControlError and OSError."""

    def __init__(self, services: PageServices) -> None:
        self._services = services

    def create_link(self, grant: Grant, url: str, caller: str) -> tuple[str, datetime]:
        """Return a link to the page at `url`, and when it expires.

        Its token is in the fragment, which no browser sends to a server.
        """
        token, expires_at = self._sign(grant, LINK, self._services.now())
        self._services.record("Link Created", caller, grant)
        return f"{url}#token={token}", expires_at

    def open_session(self, link_token: str) -> tuple[str, datetime, Grant]:
        """Return a session's token for that of a link, when it expires, and what it grants."""
        now = self._services.now()
        grant, _, _ = self._read(link_token, LINK)
        # Issued before the link was looked at: what ends all sessions from now on ends this one, too.
        token, expires_at = self._sign(grant, SESSION, now)
        self._services.record("Session Opened", actor_on_page(grant), grant)
        return token, expires_at, grant

    def session(self, token: str) -> tuple[Grant, datetime]:
        """Return what a session's token grants, and when it expires."""
        grant, _, expires_at = self._read(token, SESSION)
        return grant, expires_at

    def _sign(self, grant: Grant, kind: Kind, now: datetime) -> tuple[str, datetime]:
        try:
            # With a key of the last seconds: one that was withdrawn signs nothing more.
            return sign(grant, kind, self._services.refresh_keys(), now)
        except PageKeyError as error:
            raise _no_key(error) from error

    def _read(self, token: str, kind: Kind) -> Token:
        found = self._verified(token, kind)
        revoked_at = self._services.revoked_at(found.grant.customer)
        if revoked_at and found.issued_at <= revoked_at:
            raise _refused(kind)
        return found

    def _verified(self, token: str, kind: Kind) -> Token:
        now = self._services.now()
        try:
            return read(token, kind, self._services.read_keys(), now)
        except (TokenError, PageKeyError):
            pass  # the keys may have been rotated since they were read
        try:
            return read(token, kind, self._services.refresh_keys(), now)
        except PageKeyError as error:
            raise _no_key(error) from error
        except TokenError as error:
            raise _refused(kind) from error


def actor_on_page(grant: Grant) -> str:
    """Return the actor of a change that was made on the page; no ARN of a caller can look like it."""
    return f"page:{grant.actor}"


def _refused(kind: Kind) -> ControlError:
    # As for webhooks, an answer never says which check failed.
    if kind is LINK:
        detail = "This link is no longer good: it opens the page for 15 minutes. Ask for a new one where you got it."
        return ControlError(HTTPStatus.UNAUTHORIZED, "link-refused", detail)
    detail = "The session has ended, or there is none. Open the page by a new link."
    return ControlError(HTTPStatus.UNAUTHORIZED, "session-refused", detail)


def _no_key(error: PageKeyError) -> ControlError:
    detail = f"The page cannot be used now: {error}."
    return ControlError(HTTPStatus.SERVICE_UNAVAILABLE, "page-key", detail)

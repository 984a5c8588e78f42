"""Whether each route's secret is there and has a value. No value ever reaches this module."""

from collections.abc import Mapping, Sequence

from relay.auth.secret_ref import SSM, SecretRef
from relay.config.route import Route
from relayctl.doctor.finding import Check, Finding, Unread, not_checked, ok, wrong

SecretReading = int | None | Unread
"""How many values a secret has that are not empty, None if there is no such secret.

Of a name with a part from the request: how many secrets begin like it.
"""


def check_secrets(routes: Sequence[Route], readings: Mapping[SecretRef, SecretReading]) -> list[Finding]:
    """Return what is wrong with the secrets of the routes."""
    findings = [finding for ref in sorted(readings) if (finding := _check(ref, _routes_of(ref, routes), readings[ref]))]
    if findings:
        return findings
    return [ok(Check.SECRETS, f"{len(readings)} can be read and are not empty" if readings else "no route has one")]


def _check(ref: SecretRef, routes: Sequence[Route], reading: SecretReading) -> Finding | None:
    where = f"{ref.text} ({', '.join(route.name for route in routes)})"
    if isinstance(reading, Unread):
        return not_checked(Check.SECRETS, where, reading)
    if reading:
        return None
    if any(route.enroll for route in routes):
        message = "the sender has not handed over its secret yet: the route refuses every webhook"
        action = "let the sender verify the endpoint (docs/reference/relay-toml.md, enroll)"
        return wrong(Check.SECRETS, where, message, action)
    if not ref.is_fixed:
        message = f"no secret's name begins with {ref.prefix}: the route refuses every webhook"
        return wrong(Check.SECRETS, where, message, "store a customer's secret (docs/how-to/rotate-secrets.md)")
    if reading is None:
        message = "there is no such secret: the route refuses every webhook"
        return wrong(Check.SECRETS, where, message, _create(ref))
    message = "the secret is empty: the route refuses every webhook"
    return wrong(Check.SECRETS, where, message, _replace(ref))


def _routes_of(ref: SecretRef, routes: Sequence[Route]) -> list[Route]:
    return [route for route in routes if ref in route.secrets()]


def _create(ref: SecretRef) -> str:
    if ref.is_parameter:
        return f"aws ssm put-parameter --type SecureString --name {ref.text.removeprefix(SSM)} --value VALUE"
    if ref.is_arn:
        return "correct the ARN in relay.toml, and deploy"
    return f"aws secretsmanager create-secret --name {ref.text} --secret-string VALUE"


def _replace(ref: SecretRef) -> str:
    if ref.is_parameter:
        return f"{_create(ref)} --overwrite"
    return f"aws secretsmanager put-secret-value --secret-id {ref.text} --secret-string VALUE"

"""The keys of `auth` with the schemes "sns" and "paypal": imported only where a route has one."""

from relay.auth import certificate
from relay.auth.kinds import PAYPAL, SNS
from relay.config.field import DURATION, TEXT, TEXTS, Field
from relay.config.units import DURATIONS, format_quantity

TOPICS = Field(
    "topics",
    TEXTS,
    "The ARNs of the topics that may send; a subscription to one of them is confirmed.",
    required=True,
    check=certificate.topic_problem,
    note="required for `sns`",
)
WEBHOOK_ID = Field(
    "webhook_id", TEXT, "The id that PayPal gave the webhook.", required=True, note="required for `paypal`"
)
CERTIFICATE = Field("certificate", TEXT, "The sender's certificate, in PEM, instead of fetching it.")


def _tolerance(kind: str) -> Field:
    """Return how old a message of this sender may be, whose retries keep the first time."""
    default, maximum = (
        format_quantity(seconds, DURATIONS)
        for seconds in (certificate.TOLERANCE_SECONDS[kind], certificate.MAX_TOLERANCE_SECONDS)
    )
    return Field("tolerance", DURATION, "How old a message may be.", default, minimum="1 s", maximum=maximum)


CERTIFICATE_FIELDS = {
    SNS: (TOPICS, CERTIFICATE, _tolerance(SNS)),
    PAYPAL: (WEBHOOK_ID, CERTIFICATE, _tolerance(PAYPAL)),
}

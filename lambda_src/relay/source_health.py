"""The Lambda handler behind a schedule: in which state the partner event sources are, in each Region.

EventBridge accepts events for a PENDING source, answers with event ids, and drops them; after seven days it deletes the
source. Only ListPartnerEventSourceAccounts tells a partner.
https://docs.aws.amazon.com/eventbridge/latest/onboarding/amazon_eventbridge_partner_onboarding_guide.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from relay import config, partner_sources, telemetry

EXPIRES_SOON = timedelta(days=3)

CONFIG = config.load(config.path())


@telemetry.logger.inject_lambda_context
@telemetry.metrics.log_metrics
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """Look at every source of the partner, and count them by state."""
    soon = datetime.now(UTC) + EXPIRES_SOON
    states, expiring = [], []
    for region in CONFIG.regions:
        for source in partner_sources.names(region, f"{CONFIG.partner}/"):
            for account in partner_sources.accounts(region, source):
                states.append(account["State"])
                if (expires := account.get("ExpirationTime")) and expires <= soon:
                    expiring.append(source)
    telemetry.looked_at(states, expiring)

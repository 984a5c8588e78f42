"""Whether this machine's clock is right: AWS and senders refuse a signature that is five minutes old."""

from datetime import datetime

from relayctl.doctor.finding import Check, Finding, Unread, not_checked, ok, wrong

MOST_SECONDS = 60


def check_clock(here: datetime, aws: datetime | Unread) -> list[Finding]:
    """Compare this machine's time with that of AWS, which has whole seconds."""
    if isinstance(aws, Unread):
        return [not_checked(Check.CLOCK, "", aws)]
    seconds = round((here - aws).total_seconds())
    if abs(seconds) > MOST_SECONDS:
        direction = "ahead of" if seconds > 0 else "behind"
        message = f"this machine's clock is {abs(seconds)} seconds {direction} AWS's"
        return [wrong(Check.CLOCK, "this machine", message, "set the clock, for example by NTP")]
    return [ok(Check.CLOCK, f"within {max(abs(seconds), 1)} s of AWS's")]

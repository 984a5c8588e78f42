"""Whether another relay in this account has the same partner name: each takes the other's sources for orphans."""

from collections.abc import Mapping

from relayctl.doctor.finding import Check, Finding, Result, Unread, not_checked, ok, wrong

PARTNER_OUTPUT = "Partner"


def check_stages(stack: str, partner: str, stacks: Mapping[str, Mapping[str, str]] | Unread) -> list[Finding]:
    """Compare the partner name of relay.toml with those of the relays' stacks, whose outputs are given by name."""
    if isinstance(stacks, Unread):
        return [not_checked(Check.STAGES, "", stacks)]
    findings = []
    for name, outputs in sorted(stacks.items()):
        other = outputs.get(PARTNER_OUTPUT)
        if other is None:
            message = "its version of the relay does not say which partner it is"
            findings.append(Finding(Check.STAGES, Result.NOT_CHECKED, message, name, "deploy it again"))
        elif name == stack and other != partner:
            message = f"it is deployed for {other}, and relay.toml says {partner}"
            findings.append(wrong(Check.STAGES, name, message, "use the deployed relay.toml (--config), or deploy"))
        elif name != stack and other == partner:
            message = f"it is also {partner}, in this account: each relay takes the other's sources for orphans"
            action = "give each stage an account of its own (docs/how-to/stages-and-releases.md)"
            findings.append(wrong(Check.STAGES, name, message, action))
    return findings or [ok(Check.STAGES, f"no other relay in this Region of the account is {partner}")]

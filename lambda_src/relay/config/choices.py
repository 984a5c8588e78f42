"""The words of relay.toml that the relay's code compares with."""

DIRECT, BOTO3 = "direct", "boto3"
TRANSPORTS = (DIRECT, BOTO3)
REJECT, CLAIM_CHECK = "reject", "claim-check"
DIRECT_DELIVERY, QUEUED_DELIVERY = "direct", "queued"

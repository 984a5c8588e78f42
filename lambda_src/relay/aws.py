"""How AWS is called: one place for timeouts and retries.

The defaults (60 s to connect, 60 s to read) outlast API Gateway's 30 s, so both are set.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from botocore.config import Config

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)

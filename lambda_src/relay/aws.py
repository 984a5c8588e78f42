"""How boto3 calls AWS: timeouts and retries. Those of the calls that need no boto3 are in call.py.

The defaults (60 s to connect, 60 s to read) outlast API Gateway's 30 s, so both are set.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from botocore.config import Config

# Storing what could not be delivered: two queues, each asked twice, within the 20 s that delivery.py reserves.
CONFIG_STORE = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)

"""AWS's list prices, in us-east-1, without free tiers."""

from dataclasses import dataclass

AS_OF = "November 2026"


@dataclass(frozen=True)
class Price:
    """`usd` for one unit. `is_secondary`: the source is not AWS's own price list."""

    usd: float
    unit: str
    source: str
    is_secondary: bool = True


PRICING = "https://aws.amazon.com/{}/pricing/"
WHITEPAPER = "https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/"

HTTP_API = Price(1.00, "million requests, of 512 KB each", WHITEPAPER, is_secondary=False)
REST_API = Price(3.50, "million requests", WHITEPAPER, is_secondary=False)
WAF_REQUESTS = Price(0.60, "million requests", PRICING.format("waf"))
WAF_ACL = Price(5.00, "web ACL and month", PRICING.format("waf"))
WAF_RULE = Price(1.00, "rule and month", PRICING.format("waf"))
LAMBDA_REQUESTS = Price(0.20, "million requests", PRICING.format("lambda"))
LAMBDA_TIME = Price(0.0000133334, "GB-second on arm64", PRICING.format("lambda"))
SNAP_START_CACHE = Price(0.0000015046, "GB-second cached", PRICING.format("lambda"))
SNAP_START_RESTORE = Price(0.0001397998, "GB restored", PRICING.format("lambda"))
LOGS = Price(0.50, "GB written", PRICING.format("cloudwatch"))
LOG_STORAGE = Price(0.03, "GB and month, of the compressed size", PRICING.format("cloudwatch"))
TRACES = Price(5.00, "million traces", PRICING.format("xray"))
INSIGHT_RULE = Price(0.50, "rule and month", PRICING.format("cloudwatch"))
INSIGHT_LINES = Price(0.02, "million lines that match a rule", PRICING.format("cloudwatch"))
METRIC = Price(0.30, "metric and month", PRICING.format("cloudwatch"))
ALARM_METRIC = Price(0.10, "metric in an alarm and month", PRICING.format("cloudwatch"))
DASHBOARD = Price(3.00, "dashboard and month", PRICING.format("cloudwatch"))
SECRET = Price(0.40, "secret and month", PRICING.format("secrets-manager"))
SQS = Price(0.40, "million requests, of 64 KB each", PRICING.format("sqs"))
FIREHOSE = Price(0.029, "GB, each record rounded up to 5 KB", PRICING.format("firehose"))
S3_STORAGE = Price(0.023, "GB and month", PRICING.format("s3"))
S3_WRITE = Price(5.00, "million PUT or COPY requests", PRICING.format("s3"))
DYNAMODB_WRITE = Price(0.625, "million writes of 1 KB", PRICING.format("dynamodb"))
DYNAMODB_READ = Price(0.125, "million reads of 4 KB", PRICING.format("dynamodb"))
CUSTOMER_EVENTS = Price(1.00, "million partner events, of 64 KB each", PRICING.format("eventbridge"))

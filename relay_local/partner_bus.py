"""`partner-bus --port N`: the local AWS with partner events, alone; plain HTTP, no IAM.

For the AWS command line and for experiments; with --functions, also to deploy a CDK app with a relay onto it.
A 12-digit access key is the account; any other is account 111111111111.
"""

import argparse
import signal
import sys

from relay_local.process import PARTNER, LocalAws, LocalAwsError, progress, run_emulator

SOURCE = "aws.partner/acme.example/c42/orders"
CUSTOMER = "222222222222"

EXAMPLE = """\
Partner bus on {url}. It has the source {source}, PENDING in account {customer}. In another terminal:
  export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={region} AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=test
  aws events put-partner-events --entries '[{{"Source":"{source}","DetailType":"order.created","Detail":"{{}}"}}]'
  aws events create-partner-event-source --name aws.partner/acme.example/c43/orders --account {customer}
Ctrl-C stops it."""

WITH_FUNCTIONS = """\
Local AWS on {url}, with the source {source} PENDING in account {customer}. In another terminal:
{exports}
  cdk bootstrap --context stage=dev --context target=local
  cdk deploy --context stage=dev --context target=local --require-approval never
Webhooks go to {url}/_aws/execute-api/API_ID/API_STAGE/PATH, with the outputs ApiId and ApiStage; `curl --cacert {ca}`.
Ctrl-C stops it."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="partner-bus", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the port on 127.0.0.1")
    parser.add_argument("--region", default="us-east-1", help="where the example source is (default: %(default)s)")
    parser.add_argument(
        "--functions", action="store_true", help="serve TLS, run Lambda functions and enforce IAM: for `cdk deploy`"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        functions: bool = arguments.functions
        with run_emulator(region=arguments.region, port=arguments.port, iam=functions, functions=functions) as aws:
            partner = aws.client("events", CUSTOMER, arguments.region)
            partner.create_partner_event_source(Name=SOURCE, Account=CUSTOMER)
            progress(_with_functions(aws, arguments.region) if functions else _example(aws, arguments.region))
            signal.pause()
    except KeyboardInterrupt:
        pass
    except LocalAwsError as error:
        sys.exit(f"partner bus: {error}")


def _example(aws: LocalAws, region: str) -> str:
    return EXAMPLE.format(url=aws.url, source=SOURCE, customer=CUSTOMER, region=region)


def _with_functions(aws: LocalAws, region: str) -> str:
    variables = aws.environment(PARTNER, region).items()
    exports = "\n".join(f"  export {name}={value}" for name, value in variables)
    return WITH_FUNCTIONS.format(url=aws.url, source=SOURCE, customer=CUSTOMER, exports=exports, ca=aws.ca_bundle)


if __name__ == "__main__":
    main()

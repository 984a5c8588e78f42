"""The custom domain of an API. Its DNS record is the operator's: an alias or CNAME to the API's `dns_target`."""

from dataclasses import dataclass

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_s3 as s3
from constructs import Construct

from partner_event_relay.stages import Stage


@dataclass(frozen=True)
class Truststore:
    """The object in S3 with the certificates, in PEM, that sign the senders' client certificates.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
    """

    bucket: s3.IBucket
    key: str


def certificate_of(scope: Construct, stage: Stage) -> acm.ICertificate:
    """Return the domain's certificate, which exists in ACM."""
    return acm.Certificate.from_certificate_arn(scope, "Certificate", stage.certificate_arn)


def truststore_of(scope: Construct, stage: Stage) -> Truststore | None:
    """Return the truststore of a stage with mutual TLS, else None."""
    if not stage.truststore:
        return None
    bucket, _, key = stage.truststore.removeprefix("s3://").partition("/")
    return Truststore(s3.Bucket.from_bucket_name(scope, "Truststore", bucket), key)

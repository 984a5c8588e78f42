"""The TLS of the direct transport: what is verified, and with whose authorities."""

import re
import ssl
from pathlib import Path

import botocore
import pytest
import trustme

from relay import process_cache
from relay.aws import http_transport
from tests.contract.json_service import Aws, aws, credentials, failure, put, serving

__all__ = ["aws", "credentials"]  # fixtures


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("name", "trusted", "code"),
    [("127.0.0.1", True, None), ("127.0.0.1", False, "SSLError"), ("events.example", True, "SSLError")],
    ids=["trusted", "unknown-authority", "another-host"],
)
def test_tls_is_verified(
    name: str, *, trusted: bool, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    bundle = tmp_path / "ca.pem"
    (authority if trusted else other).cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    process_cache.clear()
    aws = Aws()
    try:
        with serving(aws, context) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
            if code:
                assert failure(lambda: put(http_transport.call)).code == code
            else:
                put(http_transport.call)
                put(http_transport.call)  # TLS's session tickets are no reason to open another connection
                assert aws.connections == 1
    finally:
        process_cache.clear()
    assert len(aws.asked) == (0 if code else 2)


def test_the_authorities_of_amazon_are_those_that_botocore_trusts() -> None:
    def certificates(path: Path) -> set[str]:
        return set(re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", path.read_text(), re.DOTALL))

    ours = certificates(Path(http_transport.AMAZON_ROOTS))
    assert len(ours) == 5
    assert ours <= certificates(Path(botocore.__file__).with_name("cacert.pem"))


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_a_new_authority_of_amazon_is_judged_by_the_system(
    *, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    (authority if trusted else other).cert_pem.write_to_path(str(tmp_path / "system.pem"))
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr(http_transport, "_OF_AMAZON", re.compile("127.0.0.1"))
    process_cache.clear()
    aws = Aws()
    try:
        with serving(aws, context) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
            if trusted:
                put(http_transport.call)
            else:
                assert failure(lambda: put(http_transport.call)).code == "SSLError"
    finally:
        process_cache.clear()
    assert len(aws.asked) == trusted


@pytest.mark.parametrize("host", ["events.us-east-1.amazonaws.com", "firehose.ap-southeast-2.amazonaws.com"])
def test_only_the_endpoints_of_the_aws_partition_have_amazons_authorities(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    assert http_transport._authorities(host) == http_transport.AMAZON_ROOTS
    for suffix in (".cn", ".example", "x"):
        assert http_transport._authorities(host + suffix) is None
    assert http_transport._authorities("events.us-gov-west-1.amazonaws.com") is None

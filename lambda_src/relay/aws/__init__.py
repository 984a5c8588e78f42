"""Reach AWS.

`api` says what a call is, `transport` chooses how it is sent: `http_transport` (the standard library; `connection`,
`endpoints`, `credentials`, `sigv4`) or `boto3_transport`. The other modules are adapters, one for each service; they
decide nothing. Those that need boto3 (`sqs`, `s3`, `partner_sources`, `idempotency`) make their clients with
`boto3_clients` and are imported only when there is something for them to do.
"""

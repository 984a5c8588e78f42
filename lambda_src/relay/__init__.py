"""Partner Event Relay: an authenticated webhook becomes Amazon EventBridge partner events.

The way of the data, one direction only:

    API Gateway event -> Request -> Webhook -> [Entry, ...] -> [Outcome, ...] -> HTTP response
                         request    signature   mapping         delivery         response

Those modules are pure: no network, no clock, no boto3; `pipeline` puts them in order. `partner_bus`, `secrets`,
`queues`, `bucket`, `documents` and `dedupe` are the adapters; `ingest` is the Lambda handler, which connects the
pipeline to them. A healthy webhook needs the first two alone: they `call` AWS by the `direct` transport (`connection`,
`endpoints`, `credentials`, `sigv4`) or by `sdk`. The others bring boto3 and are imported when there is something for
them to do.
"""

"""Partner Event Relay: an authenticated webhook becomes Amazon EventBridge partner events.

The way of the data, one direction only:

    API Gateway event -> Request -> Webhook -> [Entry, ...] -> [Outcome, ...] -> HTTP response
                         request    signature   mapping         delivery         response

Those modules are pure: no network, no clock, no boto3; `pipeline` puts them in order. `partner_bus`, `queues`,
`secrets` and `documents` are the adapters; `ingest` is the Lambda handler, which connects the pipeline to them.
"""

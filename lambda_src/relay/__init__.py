"""Partner Event Relay: an authenticated webhook becomes Amazon EventBridge partner events.

The way of the data, one direction only:

    API Gateway event -> Request -> Webhook -> [Entry, ...] -> [Outcome, ...] -> HTTP response
                         request    signature   mapping         delivery         response

Those modules are pure: no network, no clock, no boto3. `partner_bus`, `queues` and `secrets` are the
adapters to AWS; `ingest` is the Lambda handler that puts the steps in order.
"""

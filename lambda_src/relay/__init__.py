"""Partner Event Relay: an authenticated webhook becomes Amazon EventBridge partner events.

The way of the data, one direction only:

    API Gateway event -> Request -> Webhook -> [Entry, ...] -> [Outcome, ...] -> HTTP response
                         http       auth        mapping         delivery         pipeline

`http`, `auth` and `mapping` are pure, and `delivery` but for the clock it waits by: what reaches AWS is passed in.
`config` describes them, `pipeline` puts them in order, and `aws` holds the adapters. `ingest`, `redeliver` and
`source_health` are the Lambda handlers; `bootstrap` composes what they need. The success path needs only the adapters
`eventbridge` and `secrets`; those that import boto3 are imported when they have something to do.
"""

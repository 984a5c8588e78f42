"""The customer's side of a destination as code: what the customer deploys so that events arrive."""

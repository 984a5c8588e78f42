"""The event catalog: what each detail-type means, for the customers who may receive it. Not on a webhook's way."""

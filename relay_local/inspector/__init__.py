"""The page of `make run`: watch webhooks become partner events, try a mapping, send again, break things.

`captures` keeps what was posted, `explain` says what the relay made of it (with the relay's own code), `fates` follows
its entries and `timeline` puts that into words, `search` finds it again, `editor` tries another mapping, `live` follows
the queues and the customer, `app` serves it all to the page in `page/`. `codemirror/` is what the page's editor is of.
"""

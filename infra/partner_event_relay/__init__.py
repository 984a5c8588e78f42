"""The infrastructure of the relay, as AWS CDK constructs: `stack.py` is the entry, `relay.py` composes."""

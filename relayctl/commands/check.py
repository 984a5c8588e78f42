"""`relayctl check`: the mistakes of relay.toml, without AWS."""

from relayctl import inputs, output
from relayctl.options import DEFAULT_CONFIG, ConfigOption


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check relay.toml: print every mistake with its line, and warnings.

    Exit codes: 0 no mistakes (there may be warnings), 2 mistakes.
    """
    relay = inputs.load_config(config)
    for warning in relay.warnings():
        output.print_message(f"{config.name}: warning: {warning}")
    print(f"{config.name}: {len(relay.routes)} routes, no mistakes")

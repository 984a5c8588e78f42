"""`relayctl`: the command line of the people who operate the relay. `commands` has one module a command."""

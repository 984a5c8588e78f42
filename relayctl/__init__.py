"""`relayctl`: the command line of the people who run the relay. One module for each group of commands."""

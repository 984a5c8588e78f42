"""The tools that `relayctl mcp` gives to assistants. What is in here needs the package `mcp`."""

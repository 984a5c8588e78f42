"""What `relayctl doctor` looks at: one module for each check, and one that reads from AWS what they judge."""

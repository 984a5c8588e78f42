"""What an operator sees: metrics, alarms with a runbook, and a dashboard."""

"""The customer's page: its files, and the operations behind them. Strangers reach it; a session lets them in."""

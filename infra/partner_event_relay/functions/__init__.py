"""The Lambda functions: their package, their roles, and what triggers them."""

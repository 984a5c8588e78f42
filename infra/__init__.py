"""The CDK stack. Constructs take values; `stack` composes them and grants; `app.py` holds the environment."""

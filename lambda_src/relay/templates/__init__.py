"""The template language of relay.toml: JMESPath inside text, and strict JSON."""

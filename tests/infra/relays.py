"""Small relay.toml files, by the paths of their routes."""

from relay import config
from relay.config.model import Config

ONE = """
[[route]]
name = "{name}"
path = "{path}"
preset = "github"
auth = {{ secret = "acme/{name}" }}
event = {{ source = "aws.partner/acme.example/{name}" }}
"""
HEAD = 'partner = "aws.partner/acme.example"\nregions = ["us-east-1"]\n'


def load(text: str) -> Config:
    """Return the configuration in a text."""
    return config.parse(text, "relay.toml")


def routes(*paths: str) -> Config:
    """Return a configuration with a route for each path."""
    return load(HEAD + "".join(ONE.format(name=f"r{number}", path=path) for number, path in enumerate(paths)))

"""The files of a new project, which `relayctl init` writes: templates in which `$name` is where a value goes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from string import Template

from relay import config
from relay.config import stage_names
from relay.config.model import Config
from relayctl.senders.page import route

DEFAULT_SENDER = "standard-webhooks"
RELAY_TOML = "relay.toml"
TEMPLATES = {
    "app.py": "app.py.txt",  # it would be a module here
    "cdk.json": "cdk.json",
    "requirements.txt": "requirements.txt",
    "README.md": "README.md",
    ".gitignore": "gitignore.txt",
}
"""The files beside relay.toml, and the names that their templates have here."""


@dataclass(frozen=True)
class Project:
    """What a user decides: the partner's name, the Regions, the first sender's preset.

    With `bus`, the name of an ordinary event bus, events go there: for those who are no EventBridge partner yet.
    """

    partner: str
    regions: Sequence[str]
    sender: str = DEFAULT_SENDER
    bus: str = ""

    @property
    def vendor(self) -> str:
        """Return the first word of the partner's domain: `acme` of `aws.partner/acme.example`."""
        return self.partner.removeprefix("aws.partner/").partition("/")[0].partition(".")[0]

    def relay_toml(self) -> str:
        """Return the text of relay.toml."""
        text = route(self.sender).replace('"acme/', f'"{self.vendor}/')
        if self.bus:
            # PutEvents takes no source that begins with "aws.".
            text = text.replace('"aws.partner/acme.example/', f'"{self.vendor}.')
            text = text.replace("\n\n[route.auth]", f"\nbus = {json.dumps(self.bus)}\n\n[route.auth]")
        text = text.replace("aws.partner/acme.example", self.partner)
        return Template(template(RELAY_TOML)).substitute(
            partner=json.dumps(self.partner), regions=json.dumps(list(self.regions)), route=text
        )

    def files(self) -> Mapping[str, str]:
        """Return the text of each file by its name. Raise ConfigError if relay.toml would have a mistake."""
        relay_toml = self.relay_toml()
        relay = config.parse(relay_toml, RELAY_TOML)
        values = {
            "region": self.regions[0],
            "route": relay.routes[0].name,
            "version": version("partner-event-relay"),
            "secrets": _create_secrets(relay),
        }
        texts = {name: Template(template(kept)).substitute(values) for name, kept in TEMPLATES.items()}
        return {RELAY_TOML: relay_toml, **texts}


def template(name: str) -> str:
    """Return a template by the name that it has here."""
    return (files(__name__) / "files" / name).read_text("utf-8")


def _create_secrets(relay: Config) -> str:
    """Return the commands that store the secrets of the first route for the stage dev."""
    prefix = stage_names.secret_prefix("dev")
    names = [ref.in_stage(prefix).text for ref in relay.routes[0].secrets()]
    lines = [f"aws secretsmanager create-secret --name {name} --secret-string '…'" for name in names]
    return "\n    ".join(lines) or "# this sender has no secret"

"""The relay that the tools work with."""

from dataclasses import dataclass
from pathlib import Path

from relay.config.model import Config
from relayctl import inputs
from relayctl.aws import Stack
from relayctl.control import ControlApi
from relayctl.dead_letter_queue import DeadLetterQueue
from relayctl.options import control_api


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay.toml and a stack, as the options of `relayctl mcp` choose them.

    Each call looks anew, so that an edit of the file and a new sign-in count at once. Methods end as those of a command
    do, and raise the SDK's errors.
    """

    stack: Stack
    config_path: Path
    control_url: str | None
    role_arn: str | None

    def config(self) -> Config:
        """Return what relay.toml says."""
        return inputs.load_config(self.config_path)

    def dead_letters(self) -> DeadLetterQueue:
        """Return the dead-letter queue of the stack."""
        return DeadLetterQueue.of_stack(self.stack.account.client("sqs"), self.stack.outputs())

    def control_api(self) -> ControlApi:
        """Return the control API."""
        return control_api(self.stack, self.control_url, self.role_arn)

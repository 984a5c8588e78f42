"""An assistant's client of `relayctl mcp`: the SDK's own, which starts the installed program."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import TextContent, Tool

from tests.relayctl.conftest import ROOT, clean_environment, program


@dataclass(frozen=True)
class Answer:
    """What a tool has answered: `value` is the JSON of its first text, None if that is none."""

    failed: bool
    texts: list[str]

    @property
    def value(self) -> Any:
        """Return the result."""
        return json.loads(self.texts[0])


@dataclass(frozen=True)
class Assistant:
    """A client that is connected to one `relayctl mcp`."""

    portal: BlockingPortal
    client: Client

    def tools(self) -> dict[str, Tool]:
        """Return the tools by name."""
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def call(self, tool: str, **arguments: Any) -> Answer:
        """Return what a tool answers."""
        result = self.portal.call(self.client.call_tool, tool, arguments)
        texts = [content.text for content in result.content if isinstance(content, TextContent)]
        return Answer(bool(result.is_error), texts)


@contextmanager
def connect(messages: Path, *options: str, **environment: str) -> Iterator[Assistant]:
    """Start `relayctl mcp` in the repository, without any AWS configuration but `environment`, and connect to it.

    What it writes on standard error is in the file `messages` afterwards.
    """
    server = StdioServerParameters(
        command=program(), args=["mcp", *options], env={**clean_environment(), **environment}, cwd=ROOT
    )
    with messages.open("w") as log, start_blocking_portal() as portal:
        client = Client(stdio_client(server, errlog=log))
        with portal.wrap_async_context_manager(client):
            yield Assistant(portal, client)

"""The archive of a deployed relay, as commands read it: its bucket, and a window of time."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from relay import config
from relay.archive.reading import Found, Window, read_window
from relay.aws.object_store import ObjectStore
from relay.config.model import Config
from relay.errors import ConfigError
from relayctl import output
from relayctl.aws import Stack

SETTLE = timedelta(minutes=2)
"""For how long Firehose may keep what it has not written yet: 60 seconds, and the writing."""


def open_archive(stack: Stack) -> ObjectStore:
    """Return the stack's archive. Exit with code 1 if it has none. Raise the SDK's errors."""
    if not (bucket := stack.outputs().get("ArchiveBucket")):
        output.fail(f'The stack "{stack.name}" has no archive: add [archive] to relay.toml and deploy it.')
    return ObjectStore(stack.account.client("s3"), bucket, "archive")


def read(store: ObjectStore, window: Window, damaged: Counter[str]) -> Iterator[Found]:
    """Yield what was archived in a window; what cannot be read is named on standard error, and counted by its key.

    Exit with code 1 if S3 cannot be reached or refuses.
    """
    if window.until > datetime.now(UTC) - SETTLE:
        output.print_message("The last two minutes may not be in the archive yet: Firehose writes once a minute.")

    def report(key: str, why: str) -> None:
        if not damaged[key]:
            output.print_message(f"{key}: {why}; passed over")
        damaged[key] += 1

    try:
        yield from read_window(store, window, report)
    except OSError as error:
        output.fail(str(error))


def deployed_config(stack: Stack) -> Config:
    """Return the relay.toml that is deployed. Exit with code 1 if it cannot be read. Raise the SDK's errors."""
    if not (url := stack.outputs().get("RelayTomlUrl")):
        output.fail(f'The stack "{stack.name}" does not say where its relay.toml is: deploy it again.')
    parts = urlsplit(url)
    content = stack.account.client("s3").get_object(Bucket=parts.netloc, Key=parts.path[1:])["Body"].read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "relay.toml"
        path.write_bytes(content)
        try:
            return config.load(path)
        except ConfigError as error:
            output.fail("The deployed relay.toml is not one of this version:\n" + "\n".join(error.problems))

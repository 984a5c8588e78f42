"""A function that SnapStart restores, as far as one process can show it: what its first webhook takes, and makes.

The snapshot is the process after its initialization; each restored function is a fork of it. The hooks are those that
the function registers, as Lambda's runtime runs them: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

import json
import os
import ssl
import statistics
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

Hook = Callable[[], object]


class Hooks(ModuleType):
    """Stands for `snapshot_restore_py`, which only Lambda's runtime has."""

    def __init__(self) -> None:
        super().__init__("snapshot_restore_py")
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        sys.modules[self.__name__] = self

    def register_before_snapshot(self, hook: Callable[..., object], *args: object) -> None:
        """Run `hook` before the snapshot, the last registered first."""
        self.before.insert(0, lambda: hook(*args))

    def register_after_restore(self, hook: Callable[..., object], *args: object) -> None:
        """Run `hook` after each restore, in order."""
        self.after.append(lambda: hook(*args))


def measure(hooks: Hooks, answer: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Return medians of the seconds that a restored function takes, its hooks and its first webhook together.

    `imports` and `contexts` are how many modules it imports and how many TLS contexts it makes, at most.
    """
    for hook in hooks.before:
        hook()
    measured = [_restored(hooks, answer) for _ in range(rounds)]
    medians = {name: statistics.median(each[name] for each in measured) for name in ("restored", "restored_wall")}
    return medians | {name: max(each[name] for each in measured) for name in ("imports", "contexts")}


def _restored(hooks: Hooks, answer: Callable[[], Any]) -> dict[str, float]:
    """Return what one restored function takes, which is ended."""
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with os.fdopen(reading) as result:
            text = result.read()
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit("a restored function failed")
        figures: dict[str, float] = json.loads(text)
        return figures
    try:
        with os.fdopen(writing, "w") as result:
            result.write(json.dumps(_first_webhook(hooks, answer)))
    except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as its parent
        os._exit(1)
    os._exit(0)


def _first_webhook(hooks: Hooks, answer: Callable[[], Any]) -> dict[str, float]:
    contexts: list[None] = []
    make_context = ssl.SSLContext.__new__

    def counted(cls: type[ssl.SSLContext], *args: Any, **options: Any) -> ssl.SSLContext:
        contexts.append(None)
        return make_context(cls, *args, **options)

    ssl.SSLContext.__new__ = counted  # type: ignore[method-assign,assignment]  # whoever makes one is counted
    modules = set(sys.modules)
    before, before_wall = time.process_time(), time.monotonic()
    for hook in hooks.after:
        hook()
    answer()
    return {
        "restored": time.process_time() - before,
        "restored_wall": time.monotonic() - before_wall,
        "imports": len(set(sys.modules) - modules),
        "contexts": len(contexts),
    }

"""Show the dead letters, each with its webhook and the runbook's advice; redrive or discard them."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool

from relay.pipeline.entry_lines import MAX_TEXT
from relay_local.inspector import advice
from relay_local.inspector.fates import DISCARDED, REDRIVEN, Fates, WebhookId
from relay_local.process import ROOT
from relayctl.dead_letter_queue import DeadLetter, DeadLetterQueue, Filter

RUNBOOK = ROOT / "docs" / "how-to" / "operations.md"


class DeadLetters:
    """The dead-letter queue of one deployed session.

    `details` returns the details that a webhook becomes, by its number; `tell_changed` is told the numbers of the
    webhooks whose rows have changed.
    """

    def __init__(
        self,
        queues: DeadLetterQueue,
        fates: Fates,
        details: Callable[[int], list[str]],
        tell_changed: Callable[[Iterable[int | None]], None],
    ) -> None:
        self._queues = queues
        self._fates = fates
        self._details = details
        self._tell_changed = tell_changed
        self._advice = advice.read(RUNBOOK.read_text("utf-8"))

    def advice(self, code: str | None, message: str) -> str:
        """Return what to do about a dead letter with this error code and message."""
        return advice.for_letter(self._advice, code, message)

    async def all(self) -> list[dict[str, Any]]:
        """Return the dead letters, newest first; all of them stay in the queue."""
        letters = await run_in_threadpool(self._queues.list_matching, Filter())
        return [self._shown(letter) for letter in sorted(letters, key=lambda letter: letter.sent_at, reverse=True)]

    def _shown(self, letter: DeadLetter) -> dict[str, Any]:
        return letter.row() | {
            "sent_at": letter.sent_at.isoformat(timespec="seconds"),
            "content": letter.content or letter.text,
            "advice": self.advice(letter.attribute("ErrorCode"), str(letter.row()["message"] or "")),
            "webhook": self._webhook_of(letter),
        }

    def _webhook_of(self, letter: DeadLetter) -> int | None:
        """Return the number of the webhook that a dead letter is of, or None if it is not stored any more."""
        numbers = self._fates.waiting(*_entry_of(letter), ("dead_lettered",))
        if len(numbers) > 1:  # of one sender's id, such as replays: they differ in what they say, or in nothing
            detail = letter.get("entry", "Detail")
            same = [number for number in numbers if detail in self._details(number)]
            numbers = same or numbers
        return numbers[0] if numbers else None

    async def redrive_all(self) -> None:
        """Move the dead letters back to the retry queue, as the operator's command does."""
        letters = await run_in_threadpool(self._queues.list_matching, Filter())
        await run_in_threadpool(self._queues.start_redriving_all)
        self._moved(letters, REDRIVEN)

    async def redrive(self, letter_id: str) -> None:
        """Send one dead letter back to the retry queue. Raise KeyError if it is not there."""
        letter = await run_in_threadpool(self._take, letter_id)
        await run_in_threadpool(self._queues.redrive, letter)
        self._moved([letter], REDRIVEN)

    async def discard(self, letter_id: str) -> None:
        """Delete one dead letter for good. Raise KeyError if it is not there."""
        letter = await run_in_threadpool(self._take, letter_id)
        await run_in_threadpool(self._queues.delete, letter)
        self._moved([letter], DISCARDED)

    def _take(self, letter_id: str) -> DeadLetter:
        """Receive one dead letter and leave all others visible. Raise KeyError if it is not there."""
        letters = {letter.id: letter for letter in self._queues.receive()}
        letter = letters.pop(letter_id, None)
        self._queues.release(list(letters.values()))
        if letter is None:
            raise KeyError(letter_id)
        return letter

    def _moved(self, letters: Iterable[DeadLetter], result: str) -> None:
        now = time.time()
        changed = []
        for letter in letters:
            number = self._webhook_of(letter)
            if number is not None:
                self._fates.moved(number, _entry_of(letter)[1], result, now)
                changed.append(number)
        self._tell_changed(changed)


def _entry_of(letter: DeadLetter) -> tuple[WebhookId, int]:
    """Return what the delivery log knows a dead letter's entry by."""
    index = letter.get("index")
    webhook_id = (str(letter.get("route")), str(letter.get("webhook_id"))[:MAX_TEXT])
    return webhook_id, index if isinstance(index, int) else 0

"""The emulator's standard queues as fair queues: to it, a message group means nothing there."""

import time
from collections import Counter, defaultdict
from typing import Any

from ministack.services import sqs

from relay_local.emulator.noisy_groups import Noise, first


def deliver_quiet_groups_first() -> None:
    """Let a standard queue deliver messages of noisy groups after the others, as AWS does."""
    collect, delete = sqs._collect_msgs, sqs._delete_messages_for_esm
    of_queues: defaultdict[str, Noise] = defaultdict(Noise)

    def collect_msgs(queue: dict[str, Any], count: int, visibility: int) -> list[dict[str, Any]]:
        if not queue["is_fifo"] and any(message.get("group_id") for message in queue["messages"]):
            now, noise = time.time(), of_queues[queue["attributes"]["QueueArn"]]
            visible = [message for message in queue["messages"] if message["visible_at"] <= now]
            flying = [
                message for message in queue["messages"] if message["visible_at"] > now and message["receive_count"]
            ]
            in_flight = Counter(_group(message) for message in flying)
            for message in queue["messages"]:
                noise.sent(_group(message), message["sent_at"])
            noisy = noise.noisy(in_flight, {_group(message) for message in visible}, now)
            if noisy:
                chosen = first([(_group(message), message) for message in visible], noisy, in_flight, count)
                ids, every = {message["id"] for message in chosen}, queue["messages"]
                # The emulator takes what is visible from the beginning of this list.
                every[:] = [*chosen, *(message for message in every if message["id"] not in ids)]
        collected: list[dict[str, Any]] = collect(queue, count, visibility)
        for message in collected:
            message["received_at"] = time.time()
        return collected

    def delete_messages(url: str, handles: set[str]) -> None:
        queue, now = sqs._get_q(url), time.time()
        for message in queue["messages"]:
            if message.get("receipt_handle") in handles and "received_at" in message:
                of_queues[queue["attributes"]["QueueArn"]].processed(_group(message), now - message["received_at"], now)
        delete(url, handles)

    sqs._collect_msgs, sqs._delete_messages_for_esm = collect_msgs, delete_messages


def _group(message: dict[str, Any]) -> str:
    return str(message.get("group_id") or "")

"""`make load` and `make soak` measure what they say: over sockets, with the function's package, by number."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bench import events, measuring
from bench.measuring import RELAY, Bench
from relay_local.deploy import Customer
from relay_local.process import PARTNER, run_emulator
from tools.first_hour import run as runs
from tools.first_hour import sender
from tools.first_hour.place import Place
from tools.load import local_stack, servers
from tools.load.generator import NO_ANSWER, Target, closed_loop, open_loop, run
from tools.load.ledger import Counted, Tally, count
from tools.load.measured import Run
from tools.load.soak import WARM, soak

STALL = 0.2


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with measuring.ready() as made:
        yield made


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: asyncio.Lock) -> None:
    """Answer one request at a time; the first webhook, and it alone, takes STALL seconds."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        async with turn:
            if b'"000000000000"' in body:
                await asyncio.sleep(STALL)
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}")


async def against_a_server_that_stalls(work: Any) -> Any:
    turn = asyncio.Lock()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, asyncio.CancelledError):
                await answer(reader, writer, turn)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        return await work(Target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/github"))


@pytest.mark.parametrize("most", [1, 20])
def test_a_webhook_that_was_due_during_a_stall_has_waited_since_then(most: int) -> None:
    times = [number * STALL / 20 for number in range(20)]  # all of them are due while the first one is answered
    measured = run(against_a_server_that_stalls(lambda target: open_loop(target, times, 0, seconds=STALL, most=most)))
    assert measured.answers == {202: 20}
    # A closed loop would have seen one slow answer of twenty: its median would be that of a fast one.
    assert measured.percentiles()["50"] > STALL / 3


def test_what_waits_for_a_connection_is_sent_over_a_new_one_when_that_is_closed() -> None:
    async def work() -> Run:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            target = Target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/github")
            return await open_loop(target, [0.0] * 5, 0, seconds=1, most=1)

    assert run(work()).answers == {202: 5}


def test_what_is_never_answered_is_counted_when_patience_ends() -> None:
    measured = run(
        against_a_server_that_stalls(lambda target: open_loop(target, [0.0], 0, seconds=1, patience=STALL / 10))
    )
    assert measured.answers == {NO_ANSWER: 1}


def test_a_generator_that_is_held_up_knows_that_it_was_late() -> None:
    def held_up() -> Iterator[float]:
        for number in range(5):
            time.sleep(0.02)  # it is what is tested: the generator's own processor is taken away
            yield number / 1000

    measured = run(against_a_server_that_stalls(lambda target: open_loop(target, held_up(), 1, seconds=0.01)))
    assert (measured.refusal() or "").startswith("refused: the generator itself was late, by ")


@pytest.mark.parametrize("variant", [RELAY, "bare", "quickstart"])
def test_every_webhook_of_a_variant_arrives_at_the_stub_by_its_number(bench: Bench, variant: str) -> None:
    with servers.aws_stub() as stub, servers.function(bench, variant, stub) as server:
        measured = run(closed_loop(server.target, senders=2, seconds=0.2, first=40))
        counted = count(measured.acknowledged, servers.arrived(stub), Tally())
    sent = measured.webhooks
    assert measured.answers == {202: sent}
    assert counted == Counted(acknowledged=sent, arrived=sent, kept=0, lost=0, twice=0, unacknowledged=0)


def test_a_soak_says_after_each_part_what_was_seen(bench: Bench) -> None:
    seen: list[dict[str, Any]] = []
    with servers.aws_stub() as stub:
        soak(bench, stub, 20, seen.append)
    assert [each["webhooks"] for each in seen] == [WARM + number for number in range(2, 21, 2)]
    assert seen[-1]["counted"] == {
        **dict.fromkeys(("acknowledged", "arrived"), WARM + 20),
        **dict.fromkeys(("kept", "lost", "twice", "unacknowledged"), 0),
    }
    assert all(min(part["cpu_p50"], part["wall_p99"], part["memory"]) > 0 for part in seen[-1]["parts"])


def test_the_sender_of_the_afternoon_sends_to_a_reference_on_the_local_aws(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_emulator(region=local_stack.REGION) as aws:
        customer = Customer(aws, local_stack.REGION)
        customer.subscribe([local_stack.SOURCE])
        url = f"{aws.url}{local_stack.deploy_reference(aws, bench.package, 'bare')}/github"
        for name, value in aws.environment(PARTNER, local_stack.REGION).items():
            monkeypatch.setenv(name, value)
        run_of_ours = runs.new(PARTNER, [local_stack.REGION], "", "", local=True, afternoon=True)
        place = Place(run_of_ours, local_stack.REGION, tmp_path)
        sender.create(place)
        sent = sender.send_to(place, url, events.SECRET, sender.burst(3, 40))
        assert (sent.answers, [sent.acknowledged[number] for number in range(44)]) == (
            {"202": 3},
            [0] * 40 + [1, 1, 1, 0],
        )
        assert sorted(event["detail"]["load_id"] for event in customer.received()) == [f"{n:012}" for n in (40, 41, 42)]
        # What the rule of the run lets through is a number.
        entry = {"Source": run_of_ours.source, "DetailType": "push", "Detail": json.dumps({"load_id": "000000000041"})}
        aws.client("events", PARTNER, local_stack.REGION).put_events(Entries=[entry])
        arrived = Tally()
        sender.receive(place, arrived, idle=1)
        assert (arrived[40], arrived[41]) == (0, 1)

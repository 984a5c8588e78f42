"""What goes wrong next in the local partner bus."""

import pytest

from relay_local.emulator import faults
from relay_local.emulator.faults import Fault, Faults


def test_a_fault_holds_for_its_requests_and_the_next_one_follows() -> None:
    injected = Faults()
    injected.replace(faults.parse([{"requests": 2, "status": 500}, {"requests": 1, "delay": 1}]))
    assert [(injected.next().status, injected.next().status)] == [(500, 500)]
    assert injected.next() == Fault(requests=1, delay=1)
    assert injected.next() == Fault()


def test_a_fault_without_a_number_holds_until_it_is_replaced() -> None:
    injected = Faults()
    injected.replace(faults.parse([{"cut": "after"}]))
    assert {injected.next().cut for _ in range(100)} == {"after"}
    injected.replace([])
    assert injected.next() == Fault()


def test_an_error_hits_the_entries_it_names() -> None:
    [fault] = faults.parse([{"error_code": "InternalFailure", "entries": [1]}])
    hit = [Faults().entry_error(fault, index, now=0) for index in range(3)]
    assert hit == [None, ("InternalFailure", "Simulated failure"), None]


def test_a_token_bucket_throttles_what_does_not_fit_and_fills_with_time() -> None:
    injected, [fault] = Faults(), faults.parse([{"entries_per_second": 2}])
    assert [bool(injected.entry_error(fault, 0, now)) for now in (0, 0, 0, 0.5, 0.5, 9, 9, 9)] == [
        *(False, False, True, False, True, False, False, True),
    ]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [1],
        [{"color": 1}],
        [{"cut": "middle"}],
        [{"status": "x"}],
        [{"requests": True}],
        [{"entries": ["x"]}],
        [{"entries": 1}],
        [{"region": []}],
    ],
)
def test_what_is_not_a_fault_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        faults.parse(document)

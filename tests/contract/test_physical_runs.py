"""The runs on real processes that the simulator is compared with, small enough for every day."""

import pytest

from tools.simulation import physical_burst, physical_outage
from tools.simulation.webhooks import ACCEPTED


def test_a_backlog_drains_and_nothing_is_lost() -> None:
    found = physical_outage.run(entries=200, outage_seconds=0)
    assert (found["answered_202"], found["arrived"], found["lost"], found["arrived_twice"]) == (1, 200, 0, 0)


def test_a_step_is_answered_as_the_throttles_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physical_burst, "SECONDS", 1.0)
    monkeypatch.setattr(physical_burst, "CALLS", 5)
    monkeypatch.setattr(physical_burst, "RESERVED", 3)
    found = physical_burst.run()["measured"]
    assert found["webhooks"] == found["202"] + found["429"] + found["503"] > 50
    assert found[str(ACCEPTED)] >= physical_burst.RESERVED  # each environment answered at least once
    assert found["cold"] == physical_burst.RESERVED

"""A Region is lost under load and comes back: two deployed relays behind one name, and no webhook is lost."""

from tools.two_regions.drill import Drills, Pace
from tools.two_regions.stacks import REGIONS, deployed

SHORT = Pace(check=0.5, ttl=1.0, timeout=2.0, lost=(3.2, 3.5), away=(4.5, 5.0), until=1.0)
SEED = 2
FUNCTIONS, DRAIN_SECONDS = 4, 5


def test_a_region_is_lost_and_every_webhook_that_was_answered_202_arrives() -> None:
    with deployed() as regions:
        drills = Drills(regions, SHORT)
        drills.warm_up(FUNCTIONS)
        drills.run(SEED)
        left = drills.settle(DRAIN_SECONDS)
        [seen] = drills.results()
    assert seen["region"] == REGIONS[0]
    assert seen["acknowledged"] > 0
    # What is still in a queue is not lost: what a function had received when it stopped is hidden there for minutes.
    assert seen["lost"] <= left, seen
    assert seen["differing"] == 0
    # What had no answer was sent again, what waited there is delivered, and what it did not take is in the other.
    assert seen["answers"]["no answer"] > 0
    assert seen["waited"] > 0
    assert seen["regions"][REGIONS[1]] > 0

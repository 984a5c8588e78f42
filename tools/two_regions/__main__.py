"""Write docs/explanation/regions.md: `python -m tools.two_regions`.

With `--run` the drills run first, about half a minute for each seed and at most ten minutes in the end; without, the
page is written from what was seen last.
"""

import argparse
import sys

from relay_local.process import LocalAwsError
from tools.load.machine import describe, load_for_each_processor
from tools.two_regions import page
from tools.two_regions.drill import Drills, Pace
from tools.two_regions.stacks import deployed

SEEDS = 20
BETWEEN_SECONDS = 10
DRAIN_SECONDS = 600
"""What a function had received when its Region stopped comes back after the queue's visibility timeout."""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.two_regions", description=__doc__)
    parser.add_argument("--run", action="store_true", help="run the drills anew; about half a minute for each seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many drills; default: %(default)s")
    options = parser.parse_args()
    if options.run:
        try:
            _run(options.seeds)
        except LocalAwsError as error:
            sys.exit(f"two regions: {error}")
    page.PAGE.write_text(page.page(), "utf-8")


def _run(seeds: int) -> None:
    """Run the drills, and save after each what was seen."""
    with deployed() as regions:
        drills = Drills(regions, Pace())
        drills.warm_up()

        def save() -> None:
            page.save({"machine": describe(), "load": load_for_each_processor(), "drills": drills.results()})

        for seed in range(1, seeds + 1):
            drills.run(seed)
            left = drills.settle(BETWEEN_SECONDS)
            save()
            print(f"seed {seed}: {drills.results()[-1]}; {left} entries wait", file=sys.stderr, flush=True)
        if left := drills.settle(DRAIN_SECONDS):
            sys.exit(f"two regions: {left} entries still wait in a retry queue after {DRAIN_SECONDS} s")
        save()
        if lost := sum(each["lost"] for each in drills.results()):
            sys.exit(f"two regions: {lost} webhooks that were answered 202 are lost")


if __name__ == "__main__":
    main()

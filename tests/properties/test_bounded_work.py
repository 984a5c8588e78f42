"""What nobody has authenticated costs work linear in its size: counted in calls and characters, never in seconds.

The calls of `re` hide what they do; test_regular_expressions.py looks at its patterns. What 1 MB costs in processor
time is printed by `python -m tests.shapes`.
"""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from relay.config import presets
from relay.config.model import Config
from relay.pipeline.accept import accept
from tests import every_preset
from tests.conftest import NOW
from tests.shapes import SHAPES

SIZE = 4000
MOST = 2.3  # times the work, for twice the size


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return every_preset.load(tmp_path_factory.mktemp("every"))


def work(todo: Callable[[], object]) -> int:
    """Return the calls of functions, and the characters of each text of which a method of C is called.

    Everything has been imported and cached before.
    """
    todo()
    done = 0

    def count(_frame: FrameType, _event: str, called: object) -> None:
        nonlocal done
        owner = getattr(called, "__self__", None)
        done += 1 + (len(owner) if isinstance(owner, str | bytes) else 0)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        todo()
    finally:
        sys.setprofile(before)
    return done


def quadratic_in_calls(text: str) -> list[int]:
    return [len(one) for one in text for _ in text]


def quadratic_in_characters(text: str) -> list[int]:
    return [text.find(";", position) for position in range(len(text))]


@pytest.mark.parametrize("quadratic", [quadratic_in_calls, quadratic_in_characters])
def test_quadratic_work_would_be_seen(quadratic: Callable[[str], object]) -> None:
    assert work(lambda: quadratic("a" * 200)) > MOST * work(lambda: quadratic("a" * 100))


@pytest.mark.parametrize("preset", sorted(presets.load()))
def test_twice_the_size_is_at_most_about_twice_the_work_whatever_grows(every: Config, preset: str) -> None:
    [route] = [route for route in every.routes if route.name == preset]
    headers, services = every_preset.plausible_headers(route), every_preset.Reached().services(every)
    for name, shape in SHAPES.items():
        events = [shape(route.path, headers, size) for size in (SIZE, 2 * SIZE)]
        little, much = (work(partial(accept, event, services, NOW, lambda: 29)) for event in events)
        assert much <= MOST * little, name

"""Tests that use one relay, or the fixed ports of `make run`, stay together; the files that say so are all of them."""

import re
from pathlib import Path

import pytest

from tests.scheduling import SHARED, group, position

FOLDER = Path(__file__).parents[1]
E2E = FOLDER / "e2e"


@pytest.mark.parametrize(
    ("names", "fixture"),
    [(("the deployed relay", "another deployed relay"), "relay: Relay"), (("make run",), "running")],
)
def test_every_file_that_uses_what_is_shared_is_named(names: tuple[str, ...], fixture: str) -> None:
    files = {path.name for path in E2E.glob("test_*.py") if fixture in path.read_text("utf-8")}
    assert files <= {file for name in names for file in SHARED[name]}


def test_every_file_that_is_named_exists() -> None:
    assert all((E2E / file).exists() for files in SHARED.values() for file in files)


def test_every_contract_test_of_the_functions_runs_by_both_transports() -> None:
    makefile = (FOLDER.parent / "Makefile").read_text("utf-8")
    [listed] = re.findall(r"^BY_TRANSPORT := \$\(addprefix tests/contract/test_,(.*)\)", makefile, re.MULTILINE)
    paths = (FOLDER / "contract").glob("test_*.py")
    texts = {path.name.removeprefix("test_"): path.read_text("utf-8") for path in paths}
    files = {name for name, text in texts.items() if "with functions(" in text and 'transport = "direct"' not in text}
    assert {*listed.split()} >= files


def test_tests_that_share_a_fixture_are_one_group() -> None:
    assert group("tests/e2e/test_commands.py::test_a[1::2]") == group("tests/e2e/test_inspector.py::test_b")
    assert group("tests/e2e/test_rest.py::test_a") == group("tests/e2e/test_rest.py::test_b")
    assert group("tests/e2e/test_rest.py::test_a") != group("tests/e2e/test_life.py::test_a")


def test_tests_that_share_nothing_are_groups_of_their_own() -> None:
    assert group("tests/unit/test_a.py::test_a") != group("tests/unit/test_a.py::test_b")


def test_the_longest_test_begins_first() -> None:
    ids = ["tests/unit/test_a.py::test_a", "tests/infra/test_a.py::test_a", "tests/e2e/test_first_hour.py::test_a"]
    assert sorted(ids, key=position) == ids[::-1]

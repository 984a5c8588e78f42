"""The rooms of the relay, and the packages of this repository, import from one another in the declared directions."""

from pathlib import Path

import pytest

from tools import imports

MODULES = imports.import_graph(imports.RELAY)
ROOMS = imports.room_graph(MODULES)


def test_every_room_of_the_relay_has_its_place_in_the_declared_order() -> None:
    assert ROOMS.keys() == set(imports.ROOMS)


def test_no_room_imports_from_a_room_above_it() -> None:
    assert imports.upward_imports(ROOMS) == []


def test_no_modules_of_the_relay_import_one_another() -> None:
    assert imports.cycles({name: targets & MODULES.keys() for name, targets in MODULES.items()}) == []


def test_each_package_imports_only_from_the_packages_it_may() -> None:
    graph = imports.package_graph()
    assert [(name, target) for name in graph for target in graph[name] - imports.PACKAGES[name]] == []


def test_no_packages_import_one_another() -> None:
    assert imports.cycles(imports.package_graph()) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a package with an import of each kind: at the top, inside a function, and for types alone."""
    for name, text in {
        "house/__init__.py": "",
        "house/cellar.py": "import json\n",
        "house/hall/__init__.py": "",
        "house/hall/stairs.py": "from house import cellar\nfrom house.hall.door import open_door\n",
        "house/hall/door.py": "def open_door() -> None:\n    from house.roof import chimney\n",
        "house/roof.py": "if TYPE_CHECKING:\n    from house.hall import stairs\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "house"


def test_imports_inside_functions_and_for_types_count(house: Path) -> None:
    rooms = imports.room_graph(imports.import_graph(house))
    assert rooms == {"cellar": set(), "hall": {"cellar", "roof"}, "roof": {"hall"}}


def test_a_cycle_is_found_with_all_of_its_members(house: Path) -> None:
    modules = imports.import_graph(house)
    assert imports.cycles(imports.room_graph(modules)) == [["hall", "roof"]]
    assert imports.cycles(modules) == [["house.hall.door", "house.hall.stairs", "house.roof"]]


def test_an_import_against_the_order_is_found(house: Path) -> None:
    rooms = imports.room_graph(imports.import_graph(house))
    assert imports.upward_imports(rooms, ("cellar", "hall", "roof")) == [("hall", "roof")]


def test_the_command_prints_each_room_and_the_totals(capsys: pytest.CaptureFixture[str], house: Path) -> None:
    imports.main([str(house)])
    assert capsys.readouterr().out.splitlines() == [
        "cellar          ",
        "roof            hall",
        "hall            cellar roof",
        "3 rooms, 3 imports, cycles: [['hall', 'roof']]",
        "6 modules, 4 imports, cycles: [['house.hall.door', 'house.hall.stairs', 'house.roof']]",
    ]

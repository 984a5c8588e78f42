"""Count the imports between the rooms of the relay, and between this repository's packages: `python -m tools.imports`.

A room is a package of lambda_src/relay, or a module that stands beside the packages. Every import counts: also those
inside functions and under TYPE_CHECKING. A test holds the directions that are declared here.
"""

import argparse
import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RELAY = ROOT / "lambda_src" / "relay"

ROOMS = (
    "errors",
    "entry",
    "process_cache",
    "recent",
    "templates",
    "http",
    "auth",
    "outbound_http",
    "config",
    "catalog",
    "webhook",
    "mapping",
    "delivery",
    "destinations",
    "handover",
    "archive",
    "aws",
    "pipeline",
    "control",
    "page",
    "telemetry",
    "source_telemetry",
    "destination_telemetry",
    "bootstrap",
    "bootstrap_destinations",
    "bootstrap_page",
    "control_api",
    "customer_page",
    "reconciler",
    "releaser",
    "redeliver",
    "source_health",
    "ingest",
)
"""The rooms from the ground up: each may import from those before it, and from nothing after it."""

PACKAGES: Mapping[str, frozenset[str]] = {
    "relay": frozenset(),
    "partner_event_relay": frozenset({"relay"}),
    "relayctl": frozenset({"relay", "partner_event_relay"}),  # for `relayctl template` alone
    "relay_local": frozenset({"relay", "relayctl"}),
    "bench": frozenset({"partner_event_relay"}),
    "tools": frozenset({"relay", "relayctl", "partner_event_relay", "relay_local", "bench"}),
}
"""The packages of this repository, and from which others each may import."""

SOURCES = {"relay": "lambda_src", "partner_event_relay": "infra"}
"""The folders of the packages that do not stand at the top level."""

Graph = dict[str, set[str]]
"""For each name, the names that it imports from."""


def import_graph(package: Path) -> Graph:
    """Return the modules of the package in a folder, and what each imports: of that package the modules."""
    return {_module_name(file, package): _imports(file, package) for file in sorted(package.rglob("*.py"))}


def room_graph(modules: Graph) -> Graph:
    """Return the rooms of a package, and the other rooms of it that each imports from."""
    package = next(iter(modules)).partition(".")[0]
    rooms: Graph = {room: set() for module in modules if (room := _room(module))}
    for module, imports in modules.items():
        targets = {_room(name) for name in imports if name.partition(".")[0] == package}
        if room := _room(module):
            rooms[room] |= targets - {room, ""}
    return rooms


def package_graph(root: Path = ROOT) -> Graph:
    """Return the packages of this repository, and the others that each imports from."""
    folders = {name: root / SOURCES.get(name, "") / name for name in PACKAGES}
    return {
        name: {target.partition(".")[0] for imports in import_graph(folder).values() for target in imports}
        & (PACKAGES.keys() | {"tests"}) - {name}
        for name, folder in folders.items()
    }


def cycles(graph: Graph) -> list[list[str]]:
    """Return each group of names that import one another, directly or through others."""
    reached = {name: _reachable(graph, name) for name in graph}
    groups = {frozenset({other for other in reached[name] if name in reached.get(other, set())}) for name in graph}
    return sorted(sorted(group) for group in groups if group)


def upward_imports(rooms: Graph, order: Iterable[str] = ROOMS) -> list[tuple[str, str]]:
    """Return the imports that run against the declared order. Raise KeyError for a room that is not declared."""
    floor = {room: number for number, room in enumerate(order)}
    return sorted((room, target) for room in rooms for target in rooms[room] if floor[target] >= floor[room])


def _reachable(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph.get(name, ())
    return reached


def _module_name(file: Path, package: Path) -> str:
    parts = (package.name, *file.relative_to(package).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(file: Path, package: Path) -> set[str]:
    """Return what a file imports: of `from a import b`, the module `a.b` if the package has it, else `a`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in members if _is_module(package.parent.joinpath(*name.split(".")))}
            names |= modules | ({node.module} if modules != members else set())
    return names - {_module_name(file, package)}


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").exists()


def _room(module: str) -> str:
    """Return the part of a module's name after the package's: empty for the package itself."""
    return f"{module}.".split(".")[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rooms with what each imports from, and the numbers of imports and cycles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", nargs="?", type=Path, default=RELAY, help="its folder (default: the relay)")
    modules = import_graph(parser.parse_args(arguments).package)
    rooms = room_graph(modules)
    for room, targets in sorted(rooms.items(), key=lambda item: (len(item[1]), item[0])):
        print(f"{room:15} {' '.join(sorted(targets))}")
    internal = {name: targets & modules.keys() for name, targets in modules.items()}
    for kind, graph in ("rooms", rooms), ("modules", internal):
        print(f"{len(graph)} {kind}, {sum(map(len, graph.values()))} imports, cycles: {cycles(graph) or 'none'}")


if __name__ == "__main__":
    main()

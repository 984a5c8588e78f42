"""Which tests pytest-xdist keeps together, and which begin first."""

from xdist.scheduler import LoadScopeScheduling

LONGEST_FIRST = (
    "tests/e2e/test_first_hour.py",
    "tests/faults/test_soak.py",
    "tests/e2e/",
    "tests/infra/",
    "tests/faults/",
    "tests/contract/",
    "tests/oracles/",
)
"""What takes longest begins first, so that no worker has it left when the others are done."""

STARTED_BY_FILE = ("tests/contract/", "tests/e2e/", "tests/faults/", "tests/infra/")
"""Where a file starts something for all its tests. Elsewhere each test goes to the worker that is free."""

SHARED = {
    "the deployed relay": (
        "test_anywhere.py",
        "test_archive.py",
        "test_control_api.py",
        "test_delivery_log.py",
        "test_deployed.py",
        "test_doctor.py",
        "test_inspector_server.py",
        "test_monitoring.py",
        "test_operations.py",
        "test_redelivery.py",
        "test_relayctl.py",
    ),
    # Each worker deploys one of its own: what takes longest is divided between them.
    "another deployed relay": (
        "test_customer_page.py",
        "test_customer_page_access.py",
        "test_customer_page_looks.py",
        "test_customer_page_story.py",
        "test_listen.py",
        "test_onboarding.py",
        "test_rehearse.py",
    ),
    "make run": ("test_commands.py", "test_inspector.py", "test_inspector_page.py"),  # its ports are fixed
}
"""What several files of tests/e2e use, by its name."""


def group(node_id: str) -> str:
    """Return what the test shares with the other tests that have to run on the same worker, or its own id."""
    path = node_id.partition("::")[0]
    if not path.startswith(STARTED_BY_FILE):
        return node_id
    folder, _, file = path.rpartition("/")
    shared = (name for name, files in SHARED.items() if folder == "tests/e2e" and file in files)
    return next(shared, path)


def position(node_id: str) -> int:
    """Return a number to sort by: the lower it is, the earlier the test begins."""
    places = (place for place, start in enumerate(LONGEST_FIRST) if node_id.startswith(start))
    return next(places, len(LONGEST_FIRST))


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # has no types
    """Hands out groups in the order of collection.

    `--dist loadgroup` would do, but groups nothing with pytest 9.2: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

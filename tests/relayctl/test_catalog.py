"""`relayctl catalog` as an operator runs it, on the shipped samples and in a repository of its own."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from relay.catalog import loader
from tests.relayctl.conftest import ROOT, Relayctl

SAMPLES = str(ROOT / "relay_local" / "samples")
TYPES = ["invoice.paid", "order.created", "order.paid", "order.shipped", "orders/create", "push"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a relay.toml as the shipped one, without a catalog."""
    shutil.copyfile(ROOT / "relay.toml", tmp_path / "relay.toml")
    return tmp_path / "relay.toml"


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def infer(relayctl: Relayctl, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return relayctl("catalog", "infer", "--samples", SAMPLES, "--config", str(project), "--output", "json", *arguments)


def test_the_shipped_catalog_is_right(relayctl: Relayctl) -> None:
    done = relayctl("catalog", "check")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "6 event types, 0 without a description, 0 problems\n"


def test_the_catalog_is_inferred_from_samples_and_passes_the_check(relayctl: Relayctl, project: Path) -> None:
    done = infer(relayctl, project)
    assert done.returncode == 0, done.stderr
    assert [(row["detail-type"], row["result"]) for row in rows(done)] == [(name, "new") for name in TYPES]
    checked = relayctl("catalog", "check", "--config", str(project))
    assert (checked.returncode, checked.stderr) == (0, "6 event types, 6 without a description, 0 problems\n")
    again = infer(relayctl, project)
    assert {row["result"] for row in rows(again)} == {"unchanged"}


def test_the_shipped_catalog_is_what_the_shipped_samples_become(relayctl: Relayctl, tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "relay.toml", tmp_path / "relay.toml")
    shutil.copytree(ROOT / "events", tmp_path / "events")
    done = infer(relayctl, tmp_path / "relay.toml")
    assert [(row["detail-type"], row["result"]) for row in rows(done)] == [(name, "unchanged") for name in TYPES]


def test_a_breaking_change_since_a_revision_is_named(relayctl: Relayctl, project: Path) -> None:
    folder = project.parent
    infer(relayctl, project)
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "a"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    check = ("catalog", "check", "--config", str(project), "--against", "HEAD", "--output", "json")
    assert relayctl(*check).returncode == 0
    paid = folder / "events" / "order.paid.toml"
    text = paid.read_text("utf-8")
    paid.write_text(text.replace('"number": {\n          "type": "integer"', '"number": {\n          "type": "string"'))
    (folder / "events" / "push.toml").unlink()
    done = relayctl(*check)
    assert done.returncode == 1
    assert [(row["detail-type"], row["check"], row["message"]) for row in rows(done)] == [
        ("order.paid", "sample", "$.order.number: 1001 is not of type 'string'"),
        ("order.paid", "breaking", "detail.order.number: can be string, was integer"),
        ("push", "breaking", "was removed, and was not deprecated before"),
    ]
    nowhere = relayctl("catalog", "check", "--config", str(project), "--against", "nowhere")
    assert (nowhere.returncode, nowhere.stderr) == (2, '"nowhere": there is no such revision\n')


def test_a_file_that_is_no_event_type_is_a_mistake_of_every_command(relayctl: Relayctl, project: Path) -> None:
    (project.parent / "events").mkdir()
    (project.parent / "events" / "a.toml").write_text("since = 2026-11-22\nsample = '{}'", "utf-8")
    for command in (["check"], ["list"], ["infer", "--samples", SAMPLES], ["page", "--output", str(project.parent)]):
        done = relayctl("catalog", *command, "--config", str(project))
        expected = "events/a.toml: schema: missing; expected a JSON object between ''' and '''\n"
        assert (done.returncode, done.stderr) == (2, expected)


def test_a_sample_that_does_not_fit_what_people_wrote_fails(relayctl: Relayctl, project: Path) -> None:
    infer(relayctl, project)
    path = project.parent / "events" / "order.paid.toml"
    text = path.read_text("utf-8").replace('"currency": {', '"currency": {\n          "enum": ["USD"],')
    path.write_text(text, "utf-8")
    done = infer(relayctl, project)
    assert done.returncode == 1
    [misfit] = [row for row in rows(done) if row["detail-type"] == "order.paid"]
    assert misfit["result"] == "does not fit: $.order.currency: 'EUR' is not one of ['USD']"
    assert path.read_text("utf-8") == text


def test_samples_without_an_index_are_bodies_of_the_routes(relayctl: Relayctl, project: Path) -> None:
    folder = project.parent / "samples" / "stripe"
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "relay_local/samples/stripe-invoice-paid.json", folder / "paid.json")
    done = relayctl("catalog", "infer", "--samples", str(folder.parent), "--config", str(project), "--output", "json")
    assert [row["detail-type"] for row in rows(done)] == ["invoice.paid"]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("", "expected tables [[sample]] with path, headers and body: 'sample'"),
        ("sample = 1", "expected tables [[sample]]"),
        ('[[sample]]\npath = "/nowhere"\nheaders = {}\nbody = "samples.toml"', "No route matches this path."),
        ('[[sample]]\npath = "/github"\nheaders = {}\nbody = "none.json"', "none.json: No such file or directory"),
    ],
)
def test_an_index_of_samples_that_cannot_be_read_is_a_mistake(
    relayctl: Relayctl, project: Path, index: str, expected: str
) -> None:
    (project.parent / "samples.toml").write_text(index, "utf-8")
    done = relayctl("catalog", "infer", "--samples", str(project.parent), "--config", str(project))
    assert done.returncode == 2
    assert expected in done.stderr


def test_the_catalog_is_listed(relayctl: Relayctl) -> None:
    done = relayctl("catalog", "list", "--output", "json")
    assert [(row["detail-type"], row["since"]) for row in rows(done)] == [(name, "2026-11-22") for name in TYPES]
    assert [row["sample"] for row in rows(done)] == [each.sample for each in loader.load(ROOT / "events")]


def test_the_page_is_written_into_a_folder(relayctl: Relayctl, tmp_path: Path) -> None:
    done = relayctl("catalog", "page", "--output", str(tmp_path / "public"), "--title", "Acme's events")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/public/index.html\n"), done.stderr
    assert "<h1>Acme&#x27;s events</h1>" in (tmp_path / "public" / "index.html").read_text("utf-8")
    assert len(list((tmp_path / "public" / "schemas").iterdir())) == 6
    file = tmp_path / "file"
    file.touch()
    failed = relayctl("catalog", "page", "--output", str(file))
    assert failed.returncode == 1
    assert failed.stderr.startswith(str(file))

"""What is bundled has a license that is allowed, and the page says so."""

from importlib.metadata import PackageMetadata, PathDistribution
from pathlib import Path

import pytest

from tools import licenses


def test_everything_that_is_bundled_has_an_allowed_license() -> None:
    bundled = [*licenses.python_packages(), *licenses.editor_packages()]
    assert {"botocore", "cryptography", "pydantic", "@codemirror/view"} <= {package.name for package in bundled}
    assert {package.name: package.forbidden for package in bundled if package.forbidden} == {}


def test_the_page_of_the_licenses_is_current() -> None:
    assert licenses.PAGE.read_text("utf-8") == licenses.page(), "run .venv/bin/python -m tools.licenses"


def metadata(folder: Path, fields: list[str]) -> PackageMetadata:
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", "Name: example", *fields, ""]))
    return PathDistribution(folder).metadata


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["License-Expression: mit or apache-2.0"], "MIT OR Apache-2.0"),
        (["License: Apache License 2.0"], "Apache-2.0"),
        (["License: BSD", "Classifier: License :: OSI Approved :: BSD License"], "BSD-3-Clause"),
    ],
)
def test_a_license_is_read_from_new_and_old_metadata(tmp_path: Path, fields: list[str], expected: str) -> None:
    assert licenses.license_of(metadata(tmp_path, fields)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["License: see the website"],
        ["License-Expression: no such license"],
        ["Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"],
    ],
)
def test_a_license_that_is_not_understood_is_an_error(tmp_path: Path, fields: list[str]) -> None:
    with pytest.raises(licenses.UnknownLicenseError, match="example: "):
        licenses.license_of(metadata(tmp_path, fields))


@pytest.mark.parametrize(
    ("expression", "forbidden"),
    [("MIT AND (Apache-2.0 OR BSD-3-Clause)", set()), ("MIT AND GPL-3.0-only", {"GPL-3.0-only"})],
)
def test_every_part_of_an_expression_must_be_allowed(expression: str, forbidden: set[str]) -> None:
    assert licenses.Bundled("example", "1", expression, "the relay").forbidden == forbidden

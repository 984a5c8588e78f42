"""Write docs/reference/licenses.md, the licenses of everything that is bundled: `python -m tools.licenses`.

Names and versions come from the locks, licenses from the metadata of the installed packages and from npm's lock.
A test says when the page is out of date, and when a license is not in `ALLOWED`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, distribution
from pathlib import Path

from packaging.licenses import canonicalize_license_expression

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "licenses.md"
LOCKS = "infra/partner_event_relay/functions/locks"
PYTHON_LOCKS = {
    f"{LOCKS}/requirements-function.txt": "every function",
    f"{LOCKS}/requirements-cryptography.txt": "functions whose routes need public keys or JSON Web Tokens",
    f"{LOCKS}/requirements-control.txt": "the control API's function",
}
EDITOR_LOCK = ROOT / "relay_local" / "inspector" / "codemirror" / "package-lock.json"
BUNDLER = "esbuild-wasm"  # makes the editor's bundle, and is not in it

ALLOWED = frozenset({"Apache-2.0", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"})
"""The SPDX ids of licenses that may be bundled: permissive ones. A person who has read another one adds it."""

# How packages say it that do not use SPDX expressions yet.
_FIELDS = {"Apache License 2.0": "Apache-2.0"}
_CLASSIFIERS = {"Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT"}

HEAD = """\
# Licenses

This page lists the licenses of what the relay is made of and what is bundled with it.

The relay is under the [Apache License 2.0](../../LICENSE), with a [NOTICE](../../NOTICE).
What is bundled may have these licenses and no others: {allowed}.
`.venv/bin/python -m tools.licenses` writes this page from the locks and the packages' metadata; a test compares it.

The wheel of this project has the relay alone: what it needs is installed beside it.
The compiler of the functions' packages, Pyodide (MPL-2.0), is installed by npm when a package is built, and is in none.
"""
FUNCTION = """
## In the functions' packages

`cdk deploy` uploads these to your account.
Each brings its license text in its `.dist-info` folder, unless the last column says otherwise.

| package | version | license | in | license text |
|---|---|---|---|---|
"""
EDITOR = """
## In the inspector's page

`make run` bundles these into the page's editor, on your machine; nobody else gets the bundle.

| package | version | license |
|---|---|---|
"""


class UnknownLicenseError(Exception):
    """A package does not say its license in a way that is understood."""


@dataclass(frozen=True)
class Bundled:
    """A package that is bundled: `license` is an SPDX expression, `where` says into what."""

    name: str
    version: str
    license: str
    where: str
    has_text: bool = True

    @property
    def forbidden(self) -> set[str]:
        """Return the SPDX ids in the license that are not allowed, whether joined by AND or OR."""
        return set(re.split(r" AND | OR |[() ]+", self.license)) - ALLOWED - {""}


def python_packages() -> Iterator[Bundled]:
    """Yield each package of the functions once, with the first lock that has it.

    Raise UnknownLicenseError, and PackageNotFoundError without `make setup`.
    """
    packages: dict[str, tuple[str, str, str]] = {}
    for lock, where in PYTHON_LOCKS.items():
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE):
            packages.setdefault(name, (version, lock, where))
    for name, (version, lock, where) in sorted(packages.items()):
        installed = distribution(name)
        if installed.version != version:
            raise UnknownLicenseError(f"{name}: {lock} has {version}, installed is {installed.version}")
        has_text = bool(installed.metadata.get_all("License-File"))
        yield Bundled(name, version, license_of(installed.metadata), where, has_text)


def editor_packages() -> Iterator[Bundled]:
    """Yield the packages of the inspector's editor. Raise UnknownLicenseError."""
    packages = json.loads(EDITOR_LOCK.read_text("utf-8"))["packages"]
    for path, package in packages.items():
        name = path.removeprefix("node_modules/")
        if path and name != BUNDLER:
            yield Bundled(name, package["version"], _canonical(name, package.get("license", "")), "the editor")


def license_of(metadata: PackageMetadata) -> str:
    """Return the SPDX expression of a package: as it says it, or read from its older fields.

    Raise UnknownLicenseError if it has neither.
    """
    name = metadata["Name"]
    if "License-Expression" in metadata:
        return _canonical(name, metadata["License-Expression"])
    for field in map(str, metadata.get_all("License") or []):
        if (known := _FIELDS.get(field, field)) in ALLOWED:
            return known
    lines = [str(line) for line in metadata.get_all("Classifier") or []]
    classifiers = [line.rpartition(" :: ")[2] for line in lines if line.startswith("License ::")]
    if classifiers and all(classifier in _CLASSIFIERS for classifier in classifiers):
        return " OR ".join(sorted(_CLASSIFIERS[classifier] for classifier in classifiers))
    raise UnknownLicenseError(f"{name}: no license that is understood; its classifiers: {classifiers}")


def _canonical(name: str, expression: str) -> str:
    try:
        return str(canonicalize_license_expression(expression))
    except ValueError as error:
        raise UnknownLicenseError(f"{name}: {error}") from error


def page() -> str:
    """Return the text of the page."""
    text = HEAD.format(allowed=", ".join(sorted(ALLOWED))) + FUNCTION
    for package in python_packages():
        missing = "" if package.has_text else "not in its wheel"
        text += f"| {package.name} | {package.version} | {package.license} | {package.where} | {missing} |\n"
    text += EDITOR
    for package in editor_packages():
        text += f"| {package.name} | {package.version} | {package.license} |\n"
    return text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()

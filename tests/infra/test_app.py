"""`cdk synth` as an operator runs it: the real app, without AWS credentials."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from relay import config
from relay.config import compiler

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "relay.toml").read_text()
STAGES = json.loads((ROOT / "cdk.json").read_text())["context"]  # what the CDK command line adds


def synth(tmp_path: Path, text: str, **more: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "relay.toml"
    path.write_text(text)
    context = STAGES | {"config": str(path), "target": "local", **more}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # Node.js is the one of the project, as under make.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    environment |= {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(tmp_path / "cdk.out")}
    command = [sys.executable, "app.py"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthesize the shipped relay.toml for production; return the folder of the cloud assembly."""
    folder = tmp_path_factory.mktemp("shipped")
    done = synth(folder, SHIPPED)
    assert done.returncode == 0, done.stderr
    return folder / "cdk.out"


MISTAKES = [
    ("resources =", "resuorces =", 'event.resuorces: unknown key; did you mean "resources"?'),
    ("${item.type}", "${item.type[}", 'event.detail_type: "${item.type[}" is not JMESPath: '),
    ("aws.partner/acme.example/stripe", "aws.partner/evil.example/stripe", "event.source: expected it to start with"),
    ('path = "/github"', 'path = "/orders"', 'path: route "orders" already has this path'),
    ('{ secret = "acme/github" }', "{ }", "auth.secret: missing; expected text"),
]


def test_a_mistake_stops_synth_with_one_readable_message(tmp_path: Path) -> None:
    text = SHIPPED
    for old, new, _ in MISTAKES:
        assert old in text
        text = text.replace(old, new, 1)
    done = synth(tmp_path, text)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == len(MISTAKES)
    assert all(re.match(r"relay\.toml:[0-9]+: ", line) for line in lines)
    assert all(any(message in line for line in lines) for _, _, message in MISTAKES)


def test_a_mistake_in_the_catalog_stops_synth(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "order.paid.toml").write_text("since = 2026-11-22\nsample = '{}'\nschema = '{'")
    done = synth(tmp_path, SHIPPED)
    assert done.returncode == 1
    assert "events/order.paid.toml: schema: is not JSON" in done.stderr


def test_what_a_front_would_refuse_stops_synth_with_one_readable_message(tmp_path: Path) -> None:
    done = synth(tmp_path, SHIPPED.replace('path = "/github"', 'path = "/git~hub"', 1), front="rest")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        'relay.toml: route "github": path: expected no "~" with front "rest", got "/git~hub"'
    )


# What differs from the CDK's recommendation, and why.
OUR_FLAGS = {
    "@aws-cdk/core:target-partitions": ["aws", "aws-cn", "aws-us-gov"],  # GovCloud as well
    "@aws-cdk/core:enableAdditionalMetadataCollection": False,  # the template tells AWS no more of itself than it must
}


def test_every_feature_flag_of_the_cdk_is_pinned(assembly: Path) -> None:
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    flags = artifacts["aws-cdk-lib/feature-flag-report"]["properties"]["flags"]
    assert len(flags) > 80
    expected = {name: flag["recommendedValue"] for name, flag in flags.items()} | OUR_FLAGS
    assert {name: flag.get("userValue") for name, flag in flags.items()} == expected


def test_each_stage_is_a_stack_of_its_own_and_what_is_retained_is_protected(assembly: Path, tmp_path: Path) -> None:
    done = synth(tmp_path, SHIPPED, stage="dev")
    assert done.returncode == 0, done.stderr
    for folder, stack, protected in (
        (tmp_path / "cdk.out", "PartnerEventRelay-dev", False),
        (assembly, "PartnerEventRelay", True),
    ):
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["artifacts"][stack]["properties"].get("terminationProtection", False) is protected


@pytest.fixture(scope="module")
def packages(assembly: Path) -> dict[bool, Path]:
    """Return the folders of both packages: True is that of the control API, False that of all other functions."""
    folders = {(folder / "pydantic").exists(): folder for folder in assembly.glob("asset.*") if folder.is_dir()}
    assert folders.keys() == {True, False}
    return folders


def test_the_package_has_the_code_the_configuration_and_only_the_services_it_calls(packages: dict[bool, Path]) -> None:
    package = packages[False]
    assert (package / "relay_toml.py").read_text() == compiler.dump(config.parse(SHIPPED, "relay.toml"))
    assert (package / "relay/ingest.py").exists()
    assert (package / "relay/config/presets.toml").exists()
    data = {path.name for path in (package / "botocore/data").iterdir() if path.is_dir()}
    assert data == {"dynamodb", "events", "firehose", "s3", "secretsmanager", "sqs", "ssm"}
    assert not (package / "aws_lambda_powertools/event_handler").exists()
    assert not (package / "cryptography").exists()  # no route of the shipped file needs it


def test_the_package_of_the_control_api_has_more_in_it_and_its_functions_alone_run_it(
    assembly: Path, packages: dict[bool, Path]
) -> None:
    names = {has_control: {path.name for path in folder.iterdir()} for has_control, folder in packages.items()}
    libraries = {name for name in names[True] - names[False] if not name.endswith(".dist-info")}
    assert libraries == {"annotated_types", "jwt", "pydantic", "pydantic_core", "typing_inspection"}
    assert (packages[True] / "aws_lambda_powertools/event_handler").exists()
    template = json.loads((assembly / "PartnerEventRelay.template.json").read_text())
    functions = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    control = packages[True].name.removeprefix("asset.")
    runs_it = {one["Handler"] for one in functions if one["Code"]["S3Key"].removesuffix(".zip") == control}
    assert runs_it == {"relay.control_api.handler", "relay.customer_page.handler"}


@pytest.mark.parametrize("has_control", [False, True])
def test_everything_in_the_package_is_compiled_so_that_a_cold_start_need_not(
    packages: dict[bool, Path], has_control: bool
) -> None:
    package = packages[has_control]
    sources = [path for path in package.rglob("*.py") if path.stat().st_size]
    compiled = [Path(importlib.util.cache_from_source(path)) for path in sources]
    assert len(sources) > 300
    assert [path for path in compiled if not path.exists()] == []
    # https://peps.python.org/pep-0552/: hash-based, and not checked against the source
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {0b01}

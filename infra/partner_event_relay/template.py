"""The relay as a plain CloudFormation template, which needs no CDK to deploy, and the files it refers to."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from partner_event_relay import stages
from partner_event_relay.construct import PartnerEventRelay

TEMPLATE = "template.json"
BUCKET, PREFIX = "CodeBucket", "CodePrefix"
CREATED = (1980, 1, 1, 0, 0, 0)  # the earliest time that an archive can have: the same files, the same bytes


def write_template(folder: Path, config: Path, context: Mapping[str, Any]) -> list[Path]:
    """Write the template of a relay.toml into a folder, with what has to be in the bucket, and return the paths.

    `context` is that of the CDK: it chooses the stage. Files are named by their content. Raise RelayError.
    """
    with tempfile.TemporaryDirectory() as temporary:
        app = cdk.App(outdir=temporary, context=dict(context), analytics_reporting=False)
        stage = stages.from_context(app)
        stack = cdk.Stack(
            app,
            stage.stack_name,
            description="Receives SaaS webhooks and puts them as Amazon EventBridge partner events.",
            synthesizer=cdk.DefaultStackSynthesizer(
                file_assets_bucket_name=f"${{{BUCKET}}}",
                bucket_prefix=f"${{{PREFIX}}}",
                generate_bootstrap_version_rule=False,
            ),
        )
        cdk.CfnParameter(stack, BUCKET, description="The bucket in this Region with the files beside the template")
        cdk.CfnParameter(stack, PREFIX, default="", description="What their keys begin with, such as relay/")
        PartnerEventRelay(stack, "Default", config=config, stage=stage)
        app.synth()
        folder.mkdir(parents=True, exist_ok=True)
        return [_copy_template(Path(temporary), stage.stack_name, folder), *_copy_files(Path(temporary), folder)]


def _copy_template(assembly: Path, stack: str, folder: Path) -> Path:
    target = folder / TEMPLATE
    shutil.copyfile(assembly / f"{stack}.template.json", target)
    return target


def _copy_files(assembly: Path, folder: Path) -> list[Path]:
    """Copy the assets by the names that the template has for them."""
    [manifest] = assembly.glob("*.assets.json")
    paths = []
    for asset in json.loads(manifest.read_text("utf-8"))["files"].values():
        source, [destination] = asset["source"], asset["destinations"].values()
        if source["path"].endswith(".template.json"):
            continue
        target = folder / destination["objectKey"].removeprefix(f"${{{PREFIX}}}")
        if source["packaging"] == "zip":
            _pack(assembly / source["path"], target)
        else:
            shutil.copyfile(assembly / source["path"], target)
        paths.append(target)
    return paths


def _pack(folder: Path, target: Path) -> None:
    """Write an archive of what is in a folder, without times and in order."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(str(path.relative_to(folder)), CREATED)
            member.external_attr = path.stat().st_mode << 16
            archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)

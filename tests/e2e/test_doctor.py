"""relayctl doctor against the deployed stack, with IAM in force."""

import itertools
import json
from typing import Any

from relay_local.connections import control_url
from relay_local.deploy import STAGE
from relay_local.process import PARTNER
from tests.e2e.conftest import Relay
from tests.relayctl.conftest import run

numbers = itertools.count(700)
Finding = dict[str, str]


def examine(relay: Relay, **credentials: str) -> tuple[int, list[Finding]]:
    """Return the exit code and the findings of `relayctl doctor`."""
    environment = relay.session.aws.environment(PARTNER, relay.session.stack.region) | credentials
    url = control_url(relay.session.aws, relay.session.stack)
    done = run("doctor", "--output", "json", **environment, RELAY_STAGE=STAGE, RELAY_CONTROL_URL=url)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def of(findings: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in findings if finding["check"] == check]


def results(findings: list[Finding], check: str) -> set[str]:
    return {finding["result"] for finding in of(findings, check)}


def test_the_deployed_relay_is_examined_and_the_metrics_that_the_local_aws_lacks_are_named(relay: Relay) -> None:
    code, findings = examine(relay)
    assert code == 1
    assert {check: results(findings, check) for check in ("clock", "secrets", "stages", "queues")} == {
        check: {"ok"} for check in ("clock", "secrets", "stages", "queues")
    }
    assert of(findings, "secrets")[0]["message"].startswith(f"{len(relay.session.secrets)} can be read")
    [webhooks] = of(findings, "webhooks")
    assert (webhooks["result"], "local AWS, which has none" in webhooks["message"]) == ("not checked", True)


def test_a_bus_that_a_customer_has_deleted_and_a_dead_letter_are_found(relay: Relay) -> None:
    owner, sample = f"c{next(numbers)}", relay.sample("/github")
    source = f"aws.partner/acme.example/github/{owner}"
    body = json.dumps({"repository": {"owner": {"login": owner}}}).encode()
    assert relay.post("/github", body, sample.signed(body)).json()["dead_lettered"] == 1
    relay.session.customer.subscribe([source])
    _, before = examine(relay)
    relay.session.customer.detach(source)
    code, after = examine(relay)
    assert code == 1
    found = [
        [finding for finding in of(findings, "sources") if source in finding["where"]] for findings in (before, after)
    ]
    assert found[0] == []
    [pending] = found[1]
    assert "PENDING" in pending["message"]
    assert pending["action"].startswith(f"relayctl --stage {STAGE} sources status {source}")
    [dead] = [finding for finding in of(after, "queues") if finding["where"] == "dead-letter queue"]
    assert (dead["result"], dead["message"]) == ("wrong", "1 message waits")
    relay.client("events").delete_partner_event_source(Name=source, Account="222222222222")


def test_a_destination_that_lost_its_source_is_found(relay: Relay) -> None:
    connections, customer = relay.session.connections, f"c{next(numbers)}"
    assert connections
    connections.connect([customer])
    source = connections.show(customer)["source"]
    assert not [each for each in of(examine(relay)[1], "destinations") if customer in each["where"]]
    connections.attach([customer])
    relay.session.customer.detach(source)
    relay.client("events").delete_partner_event_source(Name=source, Account="222222222222")
    relay.until(lambda: connections.show(customer)["source_status"] == "missing", seconds=150)
    [lost] = [each for each in of(examine(relay)[1], "destinations") if customer in each["where"]]
    assert (lost["result"], lost["action"].split(";")[0]) == (
        "wrong",
        f"relayctl --stage {STAGE} destinations show {customer} prod",
    )


def test_what_these_credentials_may_not_read_is_not_checked_and_says_why(relay: Relay) -> None:
    code, findings = examine(relay, **powerless(relay))
    assert code == 1
    assert results(findings, "clock") == {"ok"}
    assert {result for check in CHECKS for result in results(findings, check)} == {"not checked"}
    assert all("docs/how-to/permissions.md" in finding["action"] for check in CHECKS for finding in of(findings, check))


CHECKS = ("secrets", "stages", "sources", "destinations", "queues", "webhooks")


def powerless(relay: Relay) -> dict[str, Any]:
    """Return the credentials of a user who may do nothing."""
    iam, name = relay.client("iam"), f"nobody{next(numbers)}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

"""What relayctl does without AWS: check, map, presets, and signing as the senders do."""

import json
import sys
from pathlib import Path

import pytest
import stripe
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook

from relay.config.model import Config
from relay.http.request import Request
from relayctl import output, senders
from relayctl.signing import sign
from tests.conftest import Load
from tests.relayctl.conftest import ROOT, Relayctl

PUSH = "relay_local/samples/github-push.json"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"event.created"}'


def test_five_mistakes_are_five_messages_with_their_lines(relayctl: Relayctl, tmp_path: Path) -> None:
    text = (ROOT / "relay.toml").read_text("utf-8")
    changes = [
        ("detail_type =", "detial_type =", 'event.detial_type: unknown key; did you mean "detail_type"?'),
        (
            'source = "aws.partner/acme.example/github',
            'source = "aws.partner/evil/github',
            "event.source: expected it to",
        ),
        ('path = "/github"', 'path = "/orders"', 'path: route "orders" already has this path'),
        ('{ secret = "acme/stripe" }', "{ }", "auth.secret: missing; expected text"),
        ('preset = "shopify"', 'preset = "shopfy"', 'preset: there is no "shopfy"; did you mean "shopify"?'),
    ]
    for old, new, _ in changes:
        assert old in text
        text = text.replace(old, new, 1)
    # The second route of this path is the mistake, not the first.
    lines = {new: number for number, line in enumerate(text.splitlines(), 1) for _, new, _ in changes if new in line}
    expected = [(lines[new], message) for _, new, message in changes]
    (tmp_path / "relay.toml").write_text(text)
    done = relayctl("check", "--config", str(tmp_path / "relay.toml"))
    assert done.returncode == 2
    told = done.stderr.splitlines()
    assert len(told) == 5
    for one, (number, message) in zip(told, sorted(expected), strict=True):
        assert one.startswith(f"relay.toml:{number}: ")
        assert message in one


def test_a_file_without_mistakes_has_warnings_at_most(relayctl: Relayctl, tmp_path: Path) -> None:
    done = relayctl("check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "relay.toml: 4 routes, no mistakes\n", "")
    text = (ROOT / "relay.toml").read_text("utf-8").replace("${body.account}", "${query.account}")
    text = text.replace('name = "stripe"', 'name = "stripe"\nallow_forgeable_source = true')
    (tmp_path / "relay.toml").write_text(text)
    done = relayctl("check", "--config", str(tmp_path / "relay.toml"))
    assert done.returncode == 0
    assert 'warning: route "stripe": event.source: ${query.account} is not signed' in done.stderr


def test_a_payload_is_shown_as_the_entry_it_would_become(relayctl: Relayctl) -> None:
    done = relayctl("map", "github", PUSH, "--header", "X-GitHub-Event: push", "--output", "json")
    assert done.returncode == 0, done.stderr
    [entry] = json.loads(done.stdout)
    assert entry["wire"]["Source"] == "aws.partner/acme.example/github/octo-org"
    assert (entry["detail-type"], entry["request"], entry["refused"]) == ("push", 1, None)
    assert json.loads(entry["wire"]["Detail"]) == json.loads((ROOT / PUSH).read_text("utf-8"))
    assert entry["bytes"] > len((ROOT / PUSH).read_bytes())


def test_the_sample_of_a_preset_is_shown_as_its_entry(relayctl: Relayctl) -> None:
    done = relayctl("map", "github", "--output", "json")
    assert done.returncode == 0, done.stderr
    [entry] = json.loads(done.stdout)
    assert entry["detail-type"] == senders.sample("github").headers["x-github-event"]


def test_what_is_too_wide_for_a_terminal_is_printed_as_lines_so_that_an_id_can_be_copied(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = "abed13db-a71e-4274-b183-db3e53cc5bf8"
    rows = [{"id": letter, "source": "x" * 60, "error": None}]
    for columns, expected in (("80", False), ("200", True)):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        output.print_rows(output.OutputFormat.TABLE, ("id", "source", "error"), rows)
        shown = capsys.readouterr().out
        assert letter in shown
        assert ("┏" in shown) is expected


def test_a_header_that_is_not_given_is_stood_in_for(relayctl: Relayctl) -> None:
    done = relayctl("map", "github", PUSH)
    assert done.returncode == 0
    assert "<x-github-event>" in done.stdout
    assert 'no header "x-github-event"' in done.stderr


def test_entries_are_numbered_by_request_and_refusals_are_told(relayctl: Relayctl) -> None:
    events = [{"customer": "c42", "type": "a", "created_at": 0, "resources": []} for _ in range(25)]
    events[3]["type"] = "x" * 129
    done = relayctl("map", "orders", "-", "--output", "text", given=json.dumps({"events": events}))
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == ["1"] * 3 + [""] + ["1"] * 17 + ["2"] * 4
    assert rows[3][-1] == "InvalidArgument: DetailType has 129 characters, not 1 to 128"


@pytest.mark.parametrize(
    ("arguments", "given", "code", "says"),
    [
        (("map", "orders", "-"), '{"no":"events"}', 1, "would be dead-lettered: route"),
        (("map", "orders", "-"), "{", 1, "would be answered 400: The body is not JSON"),
        (
            ("map", "nowhere", "-"),
            "{}",
            2,
            'no route is named "nowhere"; relay.toml has orders, github, stripe, shopify',
        ),
        (("map", "orders", "no-such-file"), "", 2, "no-such-file: No such file or directory"),
        (("map", "orders", "-", "--header", "x"), "{}", 2, 'expected "name:value", got "x"'),
        (("map", "orders", "-", "--config", "no.toml"), "{}", 2, "no.toml: cannot be read"),
        (("map", "orders"), "", 2, 'Give a PAYLOAD: route "orders" has no preset'),
        (
            ("map", "orders", "-"),
            '{"events":[]}',
            0,
            "to nobody: the route's `each` or `when` leaves nothing",
        ),
        (("map", "orders", "-"), '{"events":[{"type":"a"}]}', 0, "nobody: no customer is named: ${item.customer} is"),
        (
            ("destinations", "create", "c1", "prod", "--account", "2222", "--destination-region", "us-east-1"),
            "",
            2,
            "expected the 12 digits of an AWS account",
        ),
        (("sources", "create", "aws.partner/acme.example/a", "22"), "", 2, "expected the 12 digits of an AWS account"),
        (("dead-letters", "list"), "", 1, "No AWS credentials were found"),
        (("dead-letters", "list", "--older-than", "soon"), "", 2, "expected a number and s, m, h or d"),
        (("dead-letters", "discard", "--older-than", "12"), "", 2, "Invalid value for '--older-than'"),
        (("dead-letters", "redrive", "--older-than", "999999d"), "", 2, "Invalid value for '--older-than'"),
        (("send", "github", "-", "--url", "http://127.0.0.1:1/", "--secret", "s"), "{}", 1, "http://127.0.0.1:1/: "),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    relayctl: Relayctl, arguments: tuple[str, ...], given: str, code: int, says: str
) -> None:
    done = relayctl(*arguments, given=given, AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_help_with_an_example_or_its_exit_codes(relayctl: Relayctl) -> None:
    for command in (
        "account",
        "check",
        "map",
        "send",
        "presets",
        "presets show",
        "routes",
        "sources create",
        "dead-letters redrive",
    ):
        done = relayctl(*command.split(), "--help")
        assert done.returncode == 0
        assert "Usage: relayctl" in done.stdout


def prepared(load: Load, preset: str) -> Config:
    needs = {"meta": 'verify_token = "t"'}.get(preset, "")
    return load(
        f"""
partner = "aws.partner/acme.example"
regions = ["us-east-1"]
public_url = "https://relay.example.com"
[[route]]
name = "a"
path = "/a"
preset = "{preset}"
{needs}
auth = {{ secret = "s" }}
event = {{ source = "aws.partner/acme.example/a", detail_type = "a" }}
"""
    )


def test_the_senders_libraries_accept_what_it_signs(load: Load) -> None:
    def headers(preset: str, secret: str) -> dict[str, str]:
        request = Request("POST", "/a", "", {}, BODY, "")
        return dict(sign(prepared(load, preset).routes[0], secret, request, "https://relay.example.com/a").headers)

    stripe.Webhook.construct_event(BODY, headers("stripe", "whsec_s")["stripe-signature"], "whsec_s")
    assert Webhook(WHSEC).verify(BODY.decode(), headers("standard-webhooks", WHSEC))
    slack = headers("slack", "s")
    assert SignatureVerifier("s").is_valid(BODY, slack["x-slack-request-timestamp"], slack["x-slack-signature"])


def test_the_schema_that_is_printed_is_the_committed_one(relayctl: Relayctl) -> None:
    assert relayctl("schema").stdout == (ROOT / "relay.schema.json").read_text("utf-8")

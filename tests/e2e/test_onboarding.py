"""docs/tutorial/onboarding.md, followed from top to bottom against the relay that `make run` would serve."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from relay_local.deploy import CUSTOMER
from relay_local.process import PARTNER, ROOT
from tests.e2e.conftest import Relay

PAGE = ROOT / "docs/tutorial/onboarding.md"


def test_the_onboarding_page_leads_to_a_customers_first_event(relay: Relay, tmp_path: Path) -> None:
    steps = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(steps) == 8
    script = "\n".join(f"echo '--- {number}'\n{step}" for number, step in enumerate(steps))
    script = script.replace("/tmp/", f"{tmp_path}/").replace("http://127.0.0.1:8080", relay.url)
    script = script.replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
    session = relay.session
    assert session.connections
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["RELAY_CONTROL_URL"] = session.connections.api.url
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment | session.aws.environment(PARTNER, session.stack.region),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    outputs = re.split(r"--- \d\n", result.stdout)[1:]
    assert outputs[1].startswith("relay.toml: 4 routes, no mistakes\n")
    assert "aws.partner/acme.example/c77/NAME-ID" in outputs[1].replace("\n", "")
    assert "source-pending" in outputs[2]
    assert '"held": 1' in outputs[3].replace('"held":1', '"held": 1')
    assert '"webhooks": 1' in outputs[3]
    [ping] = received(outputs[5])
    assert (ping["detail-type"], ping["account"]) == ("Ping", CUSTOMER)
    [order] = received(outputs[6])
    assert (order["detail-type"], order["detail"]["number"], order["account"]) == ("order.created", 1001, CUSTOMER)


def received(output: str) -> list[dict[str, Any]]:
    """Return the events of the answer of `aws sqs receive-message`, which stands at the end of an output."""
    messages = json.loads(output[re.search(r"^\{$", output, re.MULTILINE).start() :])["Messages"]  # type: ignore[union-attr]
    return [json.loads(message["Body"]) for message in messages]

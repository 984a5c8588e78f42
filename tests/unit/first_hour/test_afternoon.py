"""The afternoon: what the senders send and see, what is expected, and what it costs."""

import base64
import re
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pytest

from partner_event_relay import stages
from partner_event_relay.capacity import Quotas
from tools.first_hour import expected, plan, sender
from tools.first_hour import run as runs
from tools.first_hour.afternoon import STEPS, start_ms
from tools.first_hour.expected import PHASES, STEP, WARM

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/afternoon-on-aws.md").read_text("utf-8")
DEV = {key: value for key, value in asdict(stages.DEV).items() if key != "name"}
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html and monitoring-cloudwatchlogs-view.html
RESTORED = (
    "REPORT RequestId: 4f2c\tDuration: 87.45 ms\tBilled Duration: 140 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t"
    "Restore Duration: 241.19 ms\tBilled Restore Duration: 52 ms"
)
STARTED = (
    "REPORT RequestId: 4f2c\tDuration: 3.92 ms\tBilled Duration: 4 ms\tMemory Size: 512 MB\tInit Duration: 218.07 ms"
)
WARM_CALL = "REPORT RequestId: 4f2c\tDuration: 3.92 ms\tBilled Duration: 4 ms\tMemory Size: 512 MB"


def test_a_cold_start_is_told_by_its_report() -> None:
    assert [start_ms(line) for line in (RESTORED, STARTED, WARM_CALL)] == [241.19, 218.07, None]


@pytest.mark.parametrize("rate", [6, 250, 251, 10_000])
def test_senders_share_a_rate_and_no_two_webhooks_have_one_number(rate: float) -> None:
    events = list(sender.plan(rate, 30, first=1000))
    assert sum(event["rate"] for event in events) == pytest.approx(rate)
    assert max(event["rate"] for event in events) <= sender.RATE
    # Ten standard deviations of a Poisson process more than its mean.
    ends = [event["first"] + event["rate"] * 30 + 10 * (event["rate"] * 30) ** 0.5 for event in events]
    assert all(end < after["first"] for end, after in zip(ends, events[1:], strict=False))
    assert len({event["seed"] for event in events}) == len(events)


def test_what_several_senders_have_seen_is_one_result() -> None:
    sent = sender.Sent()
    for first, latency in ((100, {"1.00e-03": 99}), (500, {"1.00e+00": 1})):
        acknowledged = base64.b64encode(zlib.compress(bytes([0, 1]))).decode()
        seen = {"answers": {"202": 1}, "latency": latency, "lateness": {}, "acknowledged": acknowledged}
        sent.take(seen, first)
    assert [number for number in range(len(sent.acknowledged)) if sent.acknowledged[number]] == [101, 501]
    assert (sender.percentile(sent.latency, 99), sender.percentile(sent.latency, 99.9)) == (0.001, 1.0)
    assert sender.percentile(Counter(), 50) == 0


def test_the_senders_package_needs_nothing_but_python(tmp_path: Path) -> None:
    zipfile.ZipFile(BytesIO(sender.package())).extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tools.load.aws_sender as it; print(it.__file__)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))


def test_the_stage_of_the_afternoon_takes_what_the_quotas_carry() -> None:
    name = "hour-x-load"
    stage = stages.choose(name, {name: runs.stage(DEV, runs.LOAD, local=False)})
    assert (stage.front, stage.canary, stage.snap_start, stage.retain) == ("http", False, True, False)
    assert (stage.rate_per_second, stage.burst, stage.route_rate_per_second) == (0, 0, 0)


def test_the_warm_load_is_a_million_and_within_the_quotas_of_most_accounts() -> None:
    load = PHASES[False][WARM]
    assert load.webhooks == 1_000_000
    assert load.rate < expected.accepted_a_second(Quotas())
    assert load.seconds + sender.LEAD_SECONDS[False] + 60 < sender.TIMEOUT
    assert PHASES[False][STEP].rate == Quotas().api_rate


def test_the_page_says_what_it_costs_and_what_is_expected_as_the_models_do() -> None:
    costs = expected.dollars()
    least, most = (float(usd) for usd in re.findall(r"costs between \$(\d+) and \$(\d+)", PAGE)[0])
    assert least < sum(costs.values()) < most
    assert f"{expected.warm_ms():g} ms" in PAGE
    assert f"about {expected.accepted_a_second()} a second" in PAGE
    run = runs.new("123456789012", ["us-east-1"], "abc", "2026-11-26T10:00:00+00:00", local=False, afternoon=True)
    assert all(part in plan.text(run) for part in (*costs, run.stack_name(runs.LOAD), run.stack_name(runs.SENDER)))


def test_the_page_names_every_step() -> None:
    assert [step.name for step in STEPS if f"`{step.name}`" not in PAGE] == []

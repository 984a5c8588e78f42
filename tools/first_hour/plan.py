"""What a run is about to make, and what that costs: told before anything is made. Pure."""

from tools.first_hour import expected
from tools.first_hour import run as runs
from tools.first_hour.run import HTTP, LOAD, RECEIVER, REST, SENDER, Run

MINUTES = {True: 3, False: 50}
"""For each Region, about; a canary is watched for ten minutes, and the failing one until it is taken back."""
# docs/explanation/cost.md's prices a month in us-east-1, for two stacks:
# WAF 9, alarms 4, dashboards 6, metrics 20, secrets 2, SnapStart 2.
DOLLARS_A_MONTH = 43
AFTERNOON_MINUTES = 75
ONCE = "less than $1 if it is destroyed within the day"


def text(run: Run) -> str:
    """Return it for a person who decides."""
    parts = (SENDER, LOAD) if run.afternoon else (RECEIVER, HTTP, REST)
    names = "\n".join(f"    {run.stack_name(part)}" for part in parts)
    minutes = MINUTES[run.local] * len(run.regions)
    if run.local:
        return f"On the local AWS, in {', '.join(run.regions)}, about {minutes} minutes, these stacks each:\n{names}"
    if run.afternoon:
        return _afternoon(run, names)
    day = DOLLARS_A_MONTH * len(run.regions) / 30
    return f"""\
In AWS account {run.account}, in {" and ".join(run.regions)}, about {minutes} minutes, three CloudFormation stacks each:
{names}
They have the tag {runs.TAG} = {run.id}; a stack without it is never touched.
Outside of them two things may be made:
- a Region that was never bootstrapped for the CDK gets the stack CDKToolkit, which stays;
- a Region in which API Gateway has no role for logs gets one, which stays
  (docs/how-to/stages-and-releases.md, The REST API).
Costs, an estimate from docs/explanation/cost.md: {ONCE}, about ${day:.0f} for each day that it is left standing.
"""


def _afternoon(run: Run, names: str) -> str:
    costs = expected.dollars()
    parts = "\n".join(f"    ${usd:5.2f}  {part}" for part, usd in costs.items())
    return f"""\
In AWS account {run.account}, in {" and ".join(run.regions)}, about {AFTERNOON_MINUTES} minutes each:
{names}
They have the tag {runs.TAG} = {run.id}; a stack without it is never touched.
The stack CDKToolkit may be made, and stays.
The account sends up to 10,000 requests a second to itself for 30 seconds, and whatever else it runs has to share its
quotas meanwhile: take an account in which nothing else runs.
Costs in each Region, an estimate from list prices in us-east-1, ${sum(costs.values()):.0f} in all:
{parts}
"""

"""The life of a stack: deployed, changed while webhooks come, and gone without a trace but what is protected."""

from pathlib import Path

import httpx

from relay_local import proxy
from relay_local.deploy import deploy, destroy
from relay_local.process import PARTNER, ROOT
from relay_local.session import start_session

KINDS = {
    "lambda": ("list_functions", "Functions"),
    "sqs": ("list_queues", "QueueUrls"),
    "s3": ("list_buckets", "Buckets"),
    "sns": ("list_topics", "Topics"),
    "cloudwatch": ("describe_alarms", "MetricAlarms"),
    "logs": ("describe_log_groups", "logGroups"),
    "apigatewayv2": ("get_apis", "Items"),
    "iam": ("list_roles", "Roles"),
}


def test_a_stack_is_deployed_changed_and_destroyed(tmp_path: Path) -> None:
    path, text = tmp_path / "relay.toml", (ROOT / "relay.toml").read_text("utf-8")
    path.write_text(text)
    with start_session(lambda _: None, path) as session:
        aws, region = session.aws, session.stack.region

        def left() -> dict[str, list[str]]:
            found = {}
            for service, (operation, key) in KINDS.items():
                listed = getattr(aws.client(service, PARTNER, region), operation)().get(key) or []
                found[service] = [
                    str(one) for one in listed if "PartnerEventRelay" in str(one) or "partnereventrelay" in str(one)
                ]
            return found

        sample = next(one for one in session.samples if one.path == "/github")
        with proxy.serve(proxy.webhook_proxy(aws, session.stack), 0) as url:
            assert (
                httpx.post(f"{url}/github", content=sample.body, headers=sample.signed(), timeout=60).status_code == 202
            )
            path.write_text(text.replace('path = "/github"', 'path = "/hooks/github"'))
            stack = deploy(aws, region, path)
            assert stack.outputs["ApiId"] == session.stack.outputs["ApiId"]
            assert stack.outputs["UrlGithub"].endswith("/hooks/github")
            answers = [
                httpx.post(f"{url}{where}", content=sample.body, headers=sample.signed(), timeout=60).status_code
                for where in ("/hooks/github", "/github")
            ]
            assert answers == [202, 404]
        assert len(list(session.customer.received())) == 2
        assert all(left().values())
        destroy(aws, region)
        assert {service: found for service, found in left().items() if found} == {}

"""`make run`: the stack on a local AWS, served until Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relay_local import proxy
from relay_local.inspector.app import inspector
from relay_local.inspector.live import Live
from relay_local.own_routes import OwnRoutes
from relay_local.process import PARTNER, ROOT, LocalAwsError, progress, require_free
from relay_local.session import Session, start_session
from relayctl import output


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A shell starts what a script runs in the background with SIGINT ignored: whoever sends it there means it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ports = (proxy.WEBHOOKS_PORT, proxy.PAGE_PORT)
        for port in ports:
            require_free(port)  # before the minute that a deployment takes
        with start_session(progress) as session, serve_with_inspector(session, *ports) as (webhooks, page):
            progress(_welcome(session, webhooks, page))
            signal.pause()
    except KeyboardInterrupt:
        pass
    except LocalAwsError as error:
        sys.exit(f"run: {error}")


@contextmanager
def serve_with_inspector(
    session: Session, webhooks_port: int, page_port: int, relay_toml: Path = ROOT / "relay.toml"
) -> Iterator[tuple[str, str]]:
    """Serve webhooks and the inspector's page; yield both URLs."""
    live = Live(session, output.print_message)
    with (
        proxy.serve(
            proxy.webhook_proxy(session.aws, session.stack, live.record, OwnRoutes(session).prepare), webhooks_port
        ) as webhooks,
        proxy.serve(inspector(live, relay_toml), page_port) as page,
    ):
        live.url = webhooks
        try:
            yield webhooks, page
        finally:
            live.end()


def _welcome(session: Session, webhooks: str, page: str) -> str:
    lines = ["", "Watch webhooks, replay them, try a mapping, inject faults:", f"  {page}/", "Webhooks (Ctrl-C stops):"]
    for route in session.config.routes:
        values = ", ".join(f"secret {ref.text} = {session.secrets[ref.text]!r}" for ref in sorted(route.secrets()))
        lines.append(f"  {webhooks}{route.path:20} {values}")
    lines += ["Post the samples, from another terminal:", "  .venv/bin/python -m relay_local.post"]
    lines += ["What the customer received:", f"  {page}/events", "The local AWS:"]
    environment = session.aws.environment(PARTNER, session.stack.region)
    if session.connections:
        environment["RELAY_CONTROL_URL"] = session.connections.api.url
    lines += [f"  export {name}={value}" for name, value in environment.items() if name != "AWS_REGION"]
    if session.connections and "PageKeyArn" in session.stack.outputs:
        customer = next(iter(dict.fromkeys(each for sample in session.samples for each in sample.customers)), "c42")
        lines += [
            "A link to a customer's page (your browser warns of the local AWS's certificate):",
            f"  .venv/bin/relayctl destinations link {customer}",
        ]
    # For SQS the AWS CLI ignores AWS_ENDPOINT_URL.
    queue = f"--endpoint-url {session.aws.url} --queue-url {session.stack.dead_letter_queue_url}"
    lines.append(f"  aws sqs receive-message {queue}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

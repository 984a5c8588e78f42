"""`make run`: the stack on a local AWS, served until Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relay.config import stage_names
from relay_local import proxy
from relay_local.deploy import STAGE
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
            try:
                signal.pause()
            except (KeyboardInterrupt, SystemExit):
                progress("stopping the local AWS; it takes a few seconds")
                raise
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
    prefix = stage_names.secret_prefix(STAGE)
    lines = ["", "The page: watch webhooks, replay them, try a mapping, simulate failures:", f"  {page}/"]
    lines.append("Webhooks (Ctrl-C stops):")
    for route in session.config.routes:
        values = (f"{ref.in_stage(prefix).text} = {session.secrets[ref.text]!r}" for ref in route.secrets())
        lines.append(f"  {webhooks}{route.path:20} secret {', '.join(sorted(values))}")
    lines += ["Post the samples, from another terminal:", "  .venv/bin/python -m relay_local.post"]
    lines += ["What the customers received:", f"  {page}/events"]
    environment = session.aws.environment(PARTNER, session.stack.region) | {"RELAY_STAGE": STAGE}
    if session.connections:
        environment["RELAY_CONTROL_URL"] = session.connections.api.url
    lines.append("For relayctl and the AWS CLI, paste this in another terminal:")
    lines += [f"  export {name}={value}" for name, value in environment.items() if name != "AWS_REGION"]
    lines += ["and then, for example:", "  .venv/bin/relayctl doctor --skip webhooks"]
    if session.connections and "PageKeyArn" in session.stack.outputs:
        customer = next(iter(dict.fromkeys(each for sample in session.samples for each in sample.customers)), "c42")
        warning = "its page; your browser warns of the local AWS's certificate"
        lines.append(f"  .venv/bin/relayctl destinations link {customer}  # {warning}")
    lines.append("  .venv/bin/relayctl dead-letters list")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""`make run`: the stack on a local AWS, served until Ctrl-C."""

import signal
import sys

from local import front
from local.aws import PARTNER, LocalAwsError, progress, require_free
from local.session import Session, deployed


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for port in (front.WEBHOOKS_PORT, front.VIEW_PORT):
            require_free(port)  # before the minute that a deployment takes
        with (
            deployed(progress) as session,
            front.serving(front.webhooks(session.aws, session.stack), front.WEBHOOKS_PORT) as webhooks,
            front.serving(front.view(session.aws, session.customer), front.VIEW_PORT) as view,
        ):
            progress(_welcome(session, webhooks, view))
            signal.pause()
    except KeyboardInterrupt:
        pass
    except LocalAwsError as error:
        sys.exit(f"run: {error}")


def _welcome(session: Session, webhooks: str, view: str) -> str:
    lines = ["", "Webhooks (Ctrl-C stops):"]
    for route in session.config.routes:
        known = ", ".join(f"secret {name} = {session.secrets[name]!r}" for name in sorted(route.secrets()))
        lines.append(f"  {webhooks}{route.path:20} {known}")
    lines += ["Post the samples, from another terminal:", "  .venv/bin/python -m local.post"]
    lines += ["What the customer received:", f"  {view}/events", "The local AWS:"]
    environment = session.aws.environment(PARTNER, session.stack.region)
    lines += [f"  export {name}={value}" for name, value in environment.items() if name != "AWS_REGION"]
    # For SQS the AWS CLI does not look at AWS_ENDPOINT_URL.
    queue = f"--endpoint-url {session.aws.url} --queue-url {session.stack.dead_letter_queue_url}"
    lines.append(f"  aws sqs receive-message {queue}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

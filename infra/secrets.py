"""The routes' secrets, where the stage lets the stack make them; else an operator has made them by name."""

from collections.abc import Iterable, Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.stage import Stage
from relay.auth import secret_ref
from relay.auth.secret_ref import SSM

LENGTH = 32  # letters and digits: a text, and base64 of 24 bytes, which is what Standard Webhooks wants


# 10,240 characters in a role's own policies; 6,144 in a managed policy, of which a role has ten.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# The CDK moves statements of a role that may be too large into managed policies, each in one piece.
MAX_POLICIES = 10
_POLICY_CHARACTERS = 5900
_ARN_CHARACTERS = 75  # beside the name, with the longest Region


def groups(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield the names in groups whose ARNs fit into a managed policy each."""
    group: list[str] = []
    size = 0
    for name in names:
        size += len(name) + _ARN_CHARACTERS
        if group and size > _POLICY_CHARACTERS:
            yield group
            group, size = [], len(name) + _ARN_CHARACTERS
        group.append(name)
    if group:
        yield group


def problems(names: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong if the function's role cannot name so many secrets."""
    if len(list(groups(names))) > MAX_POLICIES:
        yield (
            f"auth.secret: {len(names)} secrets with these names are more than a role's policies can list; expected"
            ' shorter names, or one with a part from the request, such as "acme/${path.customer}"'
        )


# An id takes no slash, and two names may not have one id: "acme/git-hub" is "acme-git%hub".
_IDS = str.maketrans({"/": "-", "-": "%"})


def made_here(name: str) -> bool:
    """Whether the stack can make it: not another account's, not a parameter, not one for each customer."""
    return not (name.startswith(("arn:", SSM)) or secret_ref.is_template(name))


class Secrets(Construct):
    """One generated secret for each name; a sender that has its own gets it with `put-secret-value`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, names: Iterable[str], key: kms.IKey | None, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        for name in filter(made_here, names):
            secret = secretsmanager.Secret(
                self,
                name.translate(_IDS),
                secret_name=name,
                encryption_key=key,
                generate_secret_string=secretsmanager.SecretStringGenerator(
                    exclude_punctuation=True, password_length=LENGTH
                ),
                removal_policy=stage.removal_policy,
            )
            cdk.Validations.of(secret).acknowledge(
                cdk.Acknowledgment(
                    id="AwsSolutions::AwsSolutions-SMG4",
                    reason="The sender has to change it too: docs/how-to/rotate-secrets.md",
                )
            )

"""The secrets that relay.toml names: who may read them and, if the stage says so, the secrets themselves."""

from collections.abc import Iterable, Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.stages import Stage
from relay.auth.secret_ref import SSM, SecretRef
from relay.config.route import Route

# Letters and digits: valid as text, and as base64 of 24 bytes, which is what Standard Webhooks wants.
GENERATED_CHARACTERS = 32

# A role's own policies have 10,240 characters; a managed policy has 6,144, and a role ten of them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# The CDK also moves statements of a role that may be too large into managed policies, but never splits a statement.
MAX_POLICIES = 10
_POLICY_CHARACTERS = 5900
_ARN_CHARACTERS = 75  # besides the name, with the longest Region

# A construct id takes no slash, and two names must not share an id: "acme/git-hub" becomes "acme-git%hub".
_CONSTRUCT_ID = str.maketrans({"/": "-", "-": "%"})


def problems(routes: Sequence[Route]) -> Iterator[str]:
    """Yield a sentence if the ingest function's role cannot list so many secrets."""
    refs = _refs(routes)
    if len(list(_groups(refs))) > MAX_POLICIES:
        yield (
            f"auth.secret: {len(refs)} secrets with these names are more than a role's policies can list; expected"
            ' shorter names, or one with a part from the request, such as "acme/${path.customer}"'
        )


class Secrets(Construct):
    """The routes' secrets. With `generate_secrets` the stack creates them; otherwise an operator has.

    A sender that chooses its own secret gets it into a generated one with `put-secret-value`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, routes: Sequence[Route], stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._key_arn = stage.kms_key_arn
        self._enrolling = sorted({route.auth.secret for route in routes if route.enroll and route.auth.secret})
        self._refs = _refs(routes)
        if stage.generate_secrets:
            key = kms.Key.from_key_arn(self, "Key", stage.kms_key_arn) if stage.kms_key_arn else None
            # A secret that arrives in the handshake must not have a value before.
            for ref in filter(_can_generate, sorted({*self._refs} - {*self._enrolling})):
                self._generate(ref.text, key, stage)

    def grant_use(self, function: RelayFunction) -> None:
        """Allow the function to read every secret, and to store those that senders hand over in their handshake."""
        if in_secrets_manager := [ref for ref in self._refs if not ref.is_parameter]:
            _allow_each(function, "secretsmanager:GetSecretValue", in_secrets_manager)
        if self._key_arn:
            # Storing a value needs both: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
            actions = ["kms:Decrypt", "kms:GenerateDataKey"] if self._enrolling else ["kms:Decrypt"]
            function.allow(actions, [self._key_arn])
        if self._enrolling:
            _allow_each(function, "secretsmanager:PutSecretValue", self._enrolling)
        if in_parameter_store := [ref for ref in self._refs if ref.is_parameter]:
            _allow_each(function, "ssm:GetParameter", in_parameter_store)

    def _generate(self, name: str, key: kms.IKey | None, stage: Stage) -> None:
        secretsmanager.Secret(
            self,
            name.translate(_CONSTRUCT_ID),
            secret_name=name,
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=GENERATED_CHARACTERS
            ),
            removal_policy=stage.removal_policy,
        )


def _refs(routes: Sequence[Route]) -> list[SecretRef]:
    return sorted(set().union(*(route.secrets() for route in routes)))


def _can_generate(ref: SecretRef) -> bool:
    """Return whether the stack can create it: not by its ARN, not a parameter, and not one for each customer."""
    return ref.is_fixed and not ref.is_arn and not ref.is_parameter


def _groups(refs: Iterable[SecretRef]) -> Iterator[list[SecretRef]]:
    """Yield the secrets in groups whose ARNs fit into one managed policy each."""
    group: list[SecretRef] = []
    size = 0
    for ref in refs:
        size += len(ref.text) + _ARN_CHARACTERS
        if group and size > _POLICY_CHARACTERS:
            yield group
            group, size = [], len(ref.text) + _ARN_CHARACTERS
        group.append(ref)
    if group:
        yield group


def _allow_each(function: RelayFunction, action: str, refs: list[SecretRef]) -> None:
    """Allow the action on each secret, in managed policies if the ARNs are too many for the role's own."""
    stack = cdk.Stack.of(function)
    groups = list(_groups(refs))
    if len(groups) == 1:
        function.allow([action], [_arn(stack, ref) for ref in refs])
        return
    for number, group in enumerate(groups):
        statement = iam.PolicyStatement(actions=[action], resources=[_arn(stack, ref) for ref in group])
        policy = iam.ManagedPolicy(function, f"{action.partition(':')[2]}{number}", statements=[statement])
        function.role.add_managed_policy(policy)


def _arn(stack: cdk.Stack, ref: SecretRef) -> str:
    """Return the ARN of a secret or parameter, with `*` for what the request adds to its name."""
    if ref.is_arn:
        return ref.text
    if ref.is_parameter:
        path = ref.text.removeprefix(f"{SSM}/")
        return stack.format_arn(service="ssm", resource="parameter", resource_name=wildcard_name(ref) or path)
    return stack.format_arn(
        service="secretsmanager",
        resource="secret",
        # Secrets Manager appends a hyphen and six characters to the name.
        # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
        resource_name=wildcard_name(ref) or f"{ref.text}-??????",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def wildcard_name(ref: SecretRef) -> str | None:
    """Return the name in its store with `*` in place of the part from the request, or None if it has no such part."""
    return None if ref.is_fixed else f"{ref.prefix.removeprefix(f'{SSM}/')}*"

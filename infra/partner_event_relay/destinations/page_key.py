"""The key that signs the tokens of the customers' page."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from partner_event_relay.functions.function import RelayFunction
from partner_event_relay.stages import Stage
from relay.bootstrap_page import KEY_ARN

CHARACTERS = 64


class PageKey(Construct):
    """A secret that the stack generates: no sender has to know it. It goes with the stack, as every session does."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._kms_key_arn = stage.kms_key_arn
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Signs the links and sessions of the customers' page",
            encryption_key=kms.Key.from_key_arn(self, "Key", stage.kms_key_arn) if stage.kms_key_arn else None,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=CHARACTERS
            ),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def grant_read(self, function: RelayFunction) -> None:
        """Allow the function to read the key, and tell it which."""
        function.add_environment(KEY_ARN, self.secret.secret_arn)
        function.allow(["secretsmanager:GetSecretValue"], [self.secret.secret_arn])
        if self._kms_key_arn:
            function.allow(["kms:Decrypt"], [self._kms_key_arn])

"""A new version of a function gets a tenth of the calls for five minutes, and none if an alarm goes off."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class Canary(Construct):
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html."""

    def __init__(
        self, scope: Construct, construct_id: str, *, alias: lambda_.Alias, alarms: Sequence[cloudwatch.IAlarm]
    ) -> None:
        super().__init__(scope, construct_id)
        group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=alias,
            alarms=list(alarms),
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        )
        managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
        cdk.Validations.of(group).acknowledge(
            cdk.Acknowledgment(
                id=f"AwsSolutions::AwsSolutions-IAM4[Policy::{managed}]",
                reason="AWS's own policy for exactly this: CodeDeploy moves the alias.",
            )
        )

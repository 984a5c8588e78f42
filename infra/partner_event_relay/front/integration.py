"""How an API invokes the function: with one permission, whatever the number of its routes."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


def integration_target(scope: Construct, function: lambda_.IFunction) -> lambda_.IFunction:
    """Return `function` as an integration needs it, without a permission for each route.

    Lambda's resource policy is limited to 20 KB, which is about fifty permissions.
    """
    return lambda_.Function.from_function_attributes(
        scope, "Integrated", function_arn=function.function_arn, skip_permissions=True
    )


def grant_invoke(function: lambda_.IFunction, api_id: str) -> None:
    """Allow the API to invoke `function` from every stage, method and path; `$default` has no path in its ARN."""
    source = cdk.Stack.of(function).format_arn(service="execute-api", resource=api_id, resource_name="*/*")
    function.add_permission("Api", principal=iam.ServicePrincipal("apigateway.amazonaws.com"), source_arn=source)

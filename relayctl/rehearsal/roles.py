"""The IAM roles of the relay's stack, and what they may do."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Roles:
    """The IAM roles of the relay's stack."""

    cloudformation: Any
    iam: Any
    stack: str

    def names(self) -> list[str]:
        """Return the names of the roles. Raise the SDK's errors."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.stack)
        resources = [one for page in pages for one in page["StackResourceSummaries"]]
        return [str(one["PhysicalResourceId"]) for one in resources if one["ResourceType"] == "AWS::IAM::Role"]

    def actions(self, role: str) -> set[str]:
        """Return the actions that a role's own and attached policies allow. Raise the SDK's errors."""
        documents = [
            self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        for attached in self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            policy = self.iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
            version = self.iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
            documents.append(version["PolicyVersion"]["Document"])
        statements = [statement for document in documents for statement in _list(document["Statement"])]
        allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
        return {str(action) for statement in allowed for action in _list(statement.get("Action", "*"))}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

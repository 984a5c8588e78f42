"""Read a customer's destinations by the transport of the webhooks' way, which needs no boto3.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

from relay.aws.api import DYNAMODB, REGISTRY_READ, AwsCall, AwsError
from relay.destinations import items
from relay.destinations.model import Destination


def query(call: AwsCall, region: str, table: str, customer: str) -> list[Destination]:
    """Return the customer's destinations as they are now, by name. Raise OSError."""
    parameters = {
        "TableName": table,
        "ConsistentRead": True,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": items.marshal({":pk": items.partition(customer)}),
    }
    found: list[items.Item] = []
    start: dict[str, items.Item] = {}
    while True:
        try:
            page = call(DYNAMODB, region, "Query", {**parameters, **start}, REGISTRY_READ)
            found += page["Items"]
        except AwsError as error:
            raise OSError(str(error)) from error
        except (KeyError, TypeError) as error:
            raise OSError(f"the answer of Query has no items: {error}") from error
        if not page.get("LastEvaluatedKey"):
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    try:
        return items.destinations(found)
    except (LookupError, TypeError, ValueError) as error:
        raise OSError(f"the registry has an item that is no destination: {type(error).__name__}: {error}") from error

"""What a customer's stack has and ministack's CloudFormation lacks: a bus with its source, an archive, a bus's log.

Each is made by the operation that AWS's CloudFormation calls, and what that refuses fails the stack. Nothing is ever
written into a bus's log here.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Properties = dict[str, Any]
Operation = Callable[[Properties], tuple[int, Mapping[str, str], bytes | str]]
Handlers = dict[str, Callable[..., Any]]

BUS = ("Name", "EventSourceName", "Description", "LogConfig", "DeadLetterConfig", "KmsKeyIdentifier", "Tags")


def provisioners(eventbridge: Any, logs: Any, update_bus: Callable[..., Any]) -> dict[str, Handlers]:
    """Return what makes and deletes each resource. A change is refused, but that of a bus, which `update_bus` makes."""

    def bus(properties: Properties, name: str) -> tuple[str, str]:
        request = {"Name": name} | {member: properties[member] for member in BUS if member in properties}
        return request["Name"], _result(eventbridge._create_event_bus, request)["EventBusArn"]

    def archive(properties: Properties, name: str) -> tuple[str, str]:
        settings = {member: properties[member] for member in ("Description", "RetentionDays") if member in properties}
        request = {"ArchiveName": properties.get("ArchiveName", name[:48]), "EventSourceArn": properties["SourceArn"]}
        return request["ArchiveName"], _result(eventbridge._create_archive, request | settings)["ArchiveArn"]

    def source(properties: Properties, _: str) -> tuple[str, str]:
        request = {"name": "Name", "resourceArn": "ResourceArn", "logType": "LogType"}
        made = _result(logs._put_delivery_source, {member: properties[name] for member, name in request.items()})
        return properties["Name"], made["deliverySource"]["arn"]

    def destination(properties: Properties, _: str) -> tuple[str, str]:
        configuration = {"destinationResourceArn": properties["DestinationResourceArn"]}
        request = {"name": properties["Name"], "deliveryDestinationConfiguration": configuration}
        return properties["Name"], _result(logs._put_delivery_destination, request)["deliveryDestination"]["arn"]

    def delivery(properties: Properties, _: str) -> tuple[str, str]:
        request = {"deliverySourceName": "DeliverySourceName", "deliveryDestinationArn": "DeliveryDestinationArn"}
        made = _result(logs._create_delivery, {member: properties[name] for member, name in request.items()})
        return made["delivery"]["id"], made["delivery"]["arn"]

    return {
        "AWS::Events::EventBus": _handlers(bus, eventbridge._delete_event_bus, "Name") | {"update": update_bus},
        "AWS::Events::Archive": _handlers(archive, eventbridge._delete_archive, "ArchiveName"),
        "AWS::Logs::DeliverySource": _handlers(source, logs._delete_delivery_source, "name"),
        "AWS::Logs::DeliveryDestination": _handlers(destination, logs._delete_delivery_destination, "name"),
        "AWS::Logs::Delivery": _handlers(delivery, logs._delete_delivery, "id"),
    }


def _handlers(make: Callable[[Properties, str], tuple[str, str]], delete: Operation, identifier: str) -> Handlers:
    """Return the handlers of a resource that `make` makes from properties, and from a name if it needs one."""

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        physical_id, arn = make(properties, f"{stack}-{logical_id}")
        return physical_id, {"Arn": arn, "Name": physical_id}

    def update(*_: Any) -> None:
        raise ValueError("the local AWS does not change this resource: delete the stack and create it again")

    def remove(physical_id: str, _: Properties) -> None:
        _result(delete, {identifier: physical_id})

    return {"create": create, "update": update, "delete": remove}


def _result(operation: Operation, request: Properties) -> Any:
    """Return what an operation answered. Raise ValueError if it refused."""
    status, _, body = operation(request)
    answer = json.loads(body or "{}")
    if status >= 400:  # noqa: PLR2004 - the first error of HTTP
        raise ValueError(f"{answer.get('__type')}: {answer.get('message')}")
    return answer

"""The steps about partner event sources: creating, naming, listing and deleting them."""

import re

from relayctl.control import ControlApiError, destination_path
from relayctl.rehearsal.place import ARRIVAL_SECONDS, NAME, Place
from relayctl.walk import require, until

UNUSED_REGIONS = ("ap-southeast-2", "sa-east-1", "ca-central-1", "eu-north-1")
SOURCE_NAME = re.compile(r"aws\.partner(/[.\-_A-Za-z0-9]+){2,}")
LOOK_SECONDS = 120
"""Each source is looked at once a minute."""
NOT_FOUND, CONFLICT, UNPROCESSABLE = 404, 409, 422


def no_access(place: Place) -> str:
    """Look whether anything of the relay may enter another account."""
    names = place.roles.names()
    require(names, "the stack has no role")
    for name in names:
        found = {action for action in place.roles.actions(name) if action in {"*", "sts:*"} or "sts:Assume" in action}
        require(not found, f"the role {name} may {', '.join(sorted(found))}")
    return "no role of the stack may assume a role; all that a customer gives is an account id and a Region"


def create(place: Place) -> str:
    """Create a destination, and look for its source in the customer's account."""
    made = place.connect("live")
    source = made["source"]
    found = place.customer.source(source)
    require(found, f"account {place.customer.id} has no source {source} in {place.region}")
    require(found and found["State"] == "PENDING", f"{source} is {found['State'] if found else 'not there'}")
    accounts = [each["Account"] for each in place.accounts(source)]
    require(accounts == [place.customer.id], f"{source} was created for {', '.join(accounts)}")
    return f"account {place.customer.id} sees {source} as PENDING"


def unique_name(place: Place) -> str:
    """Create destinations that could be taken for one another, and look at their names."""
    first = place.source("live")
    names = [first, *(place.connect("twin", name)["source"] for name in (NAME, "other"))]
    require(len(set(names)) == len(names), f"a name was given twice: {', '.join(names)}")
    require(all(SOURCE_NAME.fullmatch(name) for name in names), f"not a name that AWS takes: {', '.join(names)}")
    require(place.customer_id("live") in first, f"{first} does not have the customer {place.customer_id('live')}")
    again = place.connect("live")["source"]
    require(again == first, f"the same request again made {again}")
    body = {"aws_account_id": place.customer.id, "aws_region": place.region, "source": first}
    refused = place.refusal(CONFLICT, "a source that has an owner", "PUT", "thief", body)
    return f"three names, each with its customer and an id; the same again is the same; for another customer: {refused}"


def chosen_region(place: Place) -> str:
    """Ask for a Region that the relay cannot use, and look where the source is not."""
    region = next(region for region in UNUSED_REGIONS if region not in place.relay.regions)
    body = {"aws_account_id": place.customer.id, "aws_region": region}
    refused = place.refusal(UNPROCESSABLE, f"the Region {region}", "PUT", "elsewhere", body)
    require(all(each in refused for each in place.relay.regions), f"the refusal does not name the Regions: {refused}")
    source = place.source("live")
    found = [other.region for other in place.neighbors if other.customer.source(source)]
    require(not found, f"{source} is also in {', '.join(found)}")
    others = ", ".join(other.region for other in place.neighbors)
    nowhere = f"; the source is not in {others}" if others else ""
    return f"{refused}{nowhere}"


def listed(place: Place) -> str:
    """List what a customer has, and what has no bus."""
    twins = sorted(found["name"] for found in place.customers("twin"))
    require(twins == ["other", NAME], f"the customer's destinations are {', '.join(twins) or 'none'}")

    def is_pending() -> bool:
        pending = place.api.pages("/v1/destinations", {"source_status": "pending"})
        return place.customer_id("twin") in {found["customer"] for found in pending}

    require(until(is_pending, LOOK_SECONDS) is not None, "a destination without a bus is not listed as pending")
    return "both destinations of the customer are listed, and are among those with source_status=pending"


def delete(place: Place) -> str:
    """Delete a destination, and look for its source on both sides."""
    source = place.source("live")
    place.delete("live")
    try:
        found = place.show("live")
    except ControlApiError as error:
        require(error.status == NOT_FOUND, f"GET {destination_path(place.customer_id('live'), NAME)}: {error}")
    else:
        require(found is None, "the destination is still there")
    gone = until(lambda: not place.accounts(source), ARRIVAL_SECONDS)
    require(gone is not None, "the partner still has the source")
    state = place.customer.state(source)
    require(state in {"DELETED", "NONEXISTENT"}, f"the customer still sees the source as {state}")
    return f"the destination is not found, the partner has no such source, the customer's bus shows it as {state}"

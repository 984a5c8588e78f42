"""The step about the page on which a customer enters an account and a Region, as a browser would use it."""

import httpx

from relayctl.control import ControlApiError, customer_path
from relayctl.rehearsal.place import NAME, Place
from relayctl.walk import NotShownError, require

NO_PAGE = 409
TIMEOUT_SECONDS = 30


def page(place: Place) -> str:
    """Ask for a link, open it, and enter an account and a Region; nothing is signed with AWS credentials."""
    role = "page"
    try:
        link = place.api.call(
            "POST", f"{customer_path(place.customer_id(role))}/links", {"scope": "manage", "actor": "rehearsal"}
        )
    except ControlApiError as error:
        if error.status != NO_PAGE:
            raise
        reason = "relay.toml has no [destinations.page]: show the page of your product, which calls the control API"
        raise NotShownError(reason) from error
    with httpx.Client(base_url=place.api.url, verify=place.api.trusted(), timeout=TIMEOUT_SECONDS) as client:
        served = client.get("/page")
        is_page = served.status_code == httpx.codes.OK and "text/html" in served.headers.get("content-type", "")
        require(is_page, f"the page was answered {served.status_code}")
        opened = client.post("/page/v1/session", json={"token": str(link["url"]).partition("#token=")[2]})
        require(opened.is_success, f"the link was answered {opened.status_code}")
        client.headers["authorization"] = f"Bearer {opened.json()['token']}"
        regions = client.get("/page/v1/settings").raise_for_status().json()["regions"]
        require(place.region in regions, f"the page offers {', '.join(regions)}")
        wanted = {"aws_account_id": place.customer.id, "aws_region": place.region}
        made = client.put(f"/page/v1/destinations/{NAME}", json=wanted)
        require(made.status_code == httpx.codes.CREATED, f"the account and the Region were answered {made.status_code}")
    state = place.customer.state(place.source(role))
    require(state == "PENDING", f"the customer's account sees the source as {state}")
    return f"the page offers {', '.join(regions)}; account and Region entered with its session alone: source {state}"

"""What AWS asks of a partner, in its own words, and where it says so. Read in November 2026."""

from collections.abc import Mapping
from dataclasses import dataclass

ONBOARDING = "https://docs.aws.amazon.com/eventbridge/latest/onboarding"


@dataclass(frozen=True)
class Asked:
    """One thing that AWS asks or states, and the page of the onboarding guide that has it."""

    text: str
    page: str

    @property
    def url(self) -> str:
        """Return the URL of the page."""
        return f"{ONBOARDING}/{self.page}.html"


ASKED: Mapping[str, Asked] = {
    "create 1": Asked(
        "Ensure that you provide a UI for developers to register their AWS account with your service.",
        "validation_tasks",
    ),
    "create 2": Asked("The UI should allow the selection of the destination AWS Region.", "validation_tasks"),
    "create 3": Asked(
        "Direct AWS Identity and Access Management (IAM) access to the customer account is not requested nor required.",
        "validation_tasks",
    ),
    "create 4": Asked("Ensure that the event source is created successfully.", "validation_tasks"),
    "create 5": Asked(
        "The event source name scheme provides global uniqueness within each region (i.e. it includes an appropriate "
        "customer identifier or other unique ID).",
        "validation_tasks",
    ),
    "send 1": Asked("Ensure that events are received successfully.", "validation_tasks"),
    "send 2": Asked(
        "Data in the event detail and other event metadata fields is formatted appropriately and semantically correct.",
        "validation_tasks",
    ),
    "delete": Asked("Ensure that the event source is deleted correctly.", "validation_tasks"),
    "describe": Asked(
        "Partners are required to describe how their integration handles event sources that move from a PENDING to "
        "NONEXISTENT state, as well as the mechanism used for handling errors from the PutPartnerEvents API call.",
        "validation_tasks",
    ),
    "at once": Asked(
        "You should make the call to CreatePartnerEventSource immediately after the customer submits their account ID "
        "and Region selection.",
        "onboarding_tasks",
    ),
    "pending": Asked(
        "If the AWS customer deletes an event bus associated with a partner event source, the event source will return "
        "to a Pending state.",
        "AWS_EventBridge_Partner_Onboarding_FAQ",
    ),
    "created again": Asked(
        "If the event source is later recreated and reassociated, these rules become active again.",
        "AWS_EventBridge_Partner_Onboarding_FAQ",
    ),
}
"""By a short name that the report uses. What is asked once more "for other Regions" is each step in each Region."""

"""The life of a partner event source."""

import pytest

from local.partner_sources import EXPIRY_SECONDS, AwsError, PartnerSources

NAME = "aws.partner/acme.example/c42/orders"
PARTNER, CUSTOMER, REGION = "111111111111", "222222222222", "us-east-1"


@pytest.fixture
def sources() -> PartnerSources:
    made = PartnerSources()
    made.create(PARTNER, REGION, NAME, CUSTOMER, now=0)
    return made


def state(sources: PartnerSources, now: float = 1) -> str | None:
    found = sources.of_customer(CUSTOMER, REGION, "", now)
    return found[0].state if found else None


def test_it_is_pending_until_the_customer_attaches_a_bus_and_again_after_that(sources: PartnerSources) -> None:
    assert state(sources) == "PENDING"
    sources.attach(CUSTOMER, REGION, NAME, 1)
    assert state(sources) == "ACTIVE"
    sources.detach(CUSTOMER, REGION, NAME, 2)
    assert state(sources) == "PENDING"


def test_pending_expires_after_seven_days_and_active_does_not(sources: PartnerSources) -> None:
    assert state(sources, EXPIRY_SECONDS - 1) == "PENDING"
    assert state(sources, EXPIRY_SECONDS) is None
    sources.create(PARTNER, REGION, NAME, CUSTOMER, now=0)
    sources.attach(CUSTOMER, REGION, NAME, 1)
    assert state(sources, EXPIRY_SECONDS) == "ACTIVE"


def test_a_deleted_source_rejects_events_and_shows_as_deleted_while_the_bus_is_there(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.delete(PARTNER, REGION, NAME, CUSTOMER, 2)
    assert state(sources) == "DELETED"
    assert sources.target(PARTNER, REGION, NAME, 3) is None
    assert sources.of_partner(PARTNER, REGION, "", 3) == []
    sources.detach(CUSTOMER, REGION, NAME, 4)
    assert state(sources) is None


def test_a_source_created_again_is_pending(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.delete(PARTNER, REGION, NAME, CUSTOMER, 2)
    sources.create(PARTNER, REGION, NAME, CUSTOMER, now=3)
    assert state(sources, 4) == "PENDING"


def test_only_its_owner_puts_events_and_only_in_its_region(sources: PartnerSources) -> None:
    assert sources.target(PARTNER, REGION, NAME, 1)
    assert sources.target("333333333333", REGION, NAME, 1) is None
    assert sources.target(PARTNER, "eu-west-1", NAME, 1) is None


@pytest.mark.parametrize(
    ("name", "account", "code"),
    [
        (NAME, CUSTOMER, "ResourceAlreadyExistsException"),
        ("acme.example/c42", CUSTOMER, "ValidationException"),
        (NAME + "2", "customer", "ValidationException"),
    ],
)
def test_a_source_that_cannot_be_created(sources: PartnerSources, name: str, account: str, code: str) -> None:
    with pytest.raises(AwsError) as error:
        sources.create(PARTNER, REGION, name, account, now=1)
    assert error.value.code == code


def test_a_bus_needs_a_source_of_the_customers_own(sources: PartnerSources) -> None:
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        sources.attach("333333333333", REGION, NAME, 1)
    sources.attach(CUSTOMER, REGION, NAME, 1)
    with pytest.raises(AwsError, match="ResourceAlreadyExistsException"):
        sources.attach(CUSTOMER, REGION, NAME, 2)

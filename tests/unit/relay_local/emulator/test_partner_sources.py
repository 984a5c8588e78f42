"""The life of a partner event source."""

import pytest

from relay_local.emulator.partner_sources import DEACTIVATED_EXPIRY_SECONDS, EXPIRY_SECONDS, AwsError, PartnerSources

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


def test_seven_days_begin_anew_when_the_customer_deletes_its_bus(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.detach(CUSTOMER, REGION, NAME, EXPIRY_SECONDS + 10)
    assert state(sources, 2 * EXPIRY_SECONDS + 9) == "PENDING"
    assert state(sources, 2 * EXPIRY_SECONDS + 10) is None


def test_a_deactivated_source_is_pending_keeps_its_bus_and_is_active_again_without_a_new_one(
    sources: PartnerSources,
) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.deactivate(CUSTOMER, REGION, NAME, 2)
    assert state(sources) == "PENDING"
    with pytest.raises(AwsError, match="ResourceAlreadyExistsException"):
        sources.attach(CUSTOMER, REGION, NAME, 3)
    sources.activate(CUSTOMER, REGION, NAME, 4)
    assert state(sources) == "ACTIVE"


def test_a_deactivated_source_is_deleted_after_two_weeks_while_its_bus_stays(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.deactivate(CUSTOMER, REGION, NAME, 2)
    assert state(sources, DEACTIVATED_EXPIRY_SECONDS + 1) == "PENDING"
    assert state(sources, DEACTIVATED_EXPIRY_SECONDS + 2) == "DELETED"


def test_a_source_can_only_be_deactivated_while_active_and_activated_while_deactivated(sources: PartnerSources) -> None:
    for operation in (sources.deactivate, sources.activate):
        with pytest.raises(AwsError, match="InvalidStateException"):
            operation(CUSTOMER, REGION, NAME, 1)
        with pytest.raises(AwsError, match="ResourceNotFoundException"):
            operation("333333333333", REGION, NAME, 1)
    sources.attach(CUSTOMER, REGION, NAME, 1)
    with pytest.raises(AwsError, match="InvalidStateException"):
        sources.activate(CUSTOMER, REGION, NAME, 2)


def test_a_source_created_again_cannot_be_attached_before_the_old_bus_is_deleted(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.delete(PARTNER, REGION, NAME, CUSTOMER, 2)
    sources.create(PARTNER, REGION, NAME, CUSTOMER, now=3)
    with pytest.raises(AwsError, match="ResourceAlreadyExistsException"):
        sources.attach(CUSTOMER, REGION, NAME, 4)
    assert state(sources) == "PENDING"
    sources.detach(CUSTOMER, REGION, NAME, 5)
    sources.attach(CUSTOMER, REGION, NAME, 6)
    assert state(sources) == "ACTIVE"


def test_the_old_bus_is_not_forgotten_when_its_successor_is_deleted_too(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    for _ in range(2):
        sources.delete(PARTNER, REGION, NAME, CUSTOMER, 2)
        assert state(sources) == "DELETED"
        sources.create(PARTNER, REGION, NAME, CUSTOMER, now=3)
    with pytest.raises(AwsError, match="ResourceAlreadyExistsException"):
        sources.attach(CUSTOMER, REGION, NAME, 4)


def test_deleting_the_old_bus_does_not_give_a_new_source_more_time(sources: PartnerSources) -> None:
    sources.attach(CUSTOMER, REGION, NAME, 1)
    sources.delete(PARTNER, REGION, NAME, CUSTOMER, 2)
    sources.create(PARTNER, REGION, NAME, CUSTOMER, now=3)
    sources.detach(CUSTOMER, REGION, NAME, EXPIRY_SECONDS)
    assert state(sources, EXPIRY_SECONDS + 3) is None


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

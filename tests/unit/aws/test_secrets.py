"""What the function remembers of its secrets, against a Secrets Manager of a dictionary and a clock of our own."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from relay.auth.context import PUBLISHED_SECONDS, REREAD_SECONDS
from relay.aws.api import AwsError, CallOptions, Service
from relay.aws.secrets import MAX_AGE_SECONDS, MAX_NAMES, REFUSE_SECONDS, SecretStore
from relay.errors import Unauthorized, Unavailable
from relay_local.process import ROOT


@dataclass
class SecretsManager:
    """Answers as AWS does: a version's value never changes, and the first token of a version is its id."""

    now: float = 1_795_417_794
    current: dict[str, str] = field(default_factory=dict)
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def call(
        self, _service: Service, region: str, operation: str, parameters: Mapping[str, Any], _patience: CallOptions
    ) -> dict[str, Any]:
        """Answer one of the operations that the function may call."""
        assert region == "us-east-1"
        name = parameters.get("SecretId") or parameters["Name"]
        self.asked.append((operation, name))
        if self.failure:
            raise AwsError(self.failure, "")
        if operation == "PutSecretValue":
            version, value = (name, parameters["ClientRequestToken"]), parameters["SecretString"]
            if self.versions.setdefault(version, value) != value:
                raise AwsError("ResourceExistsException", "")
            self.current.setdefault(name, value)
            return {}
        if operation == "GetParameter" and name in self.parameters:
            return {"Parameter": {"Value": self.parameters[name]}}
        if operation == "GetParameter":
            raise AwsError("ParameterNotFound", "")
        if name not in self.current:
            raise AwsError("ResourceNotFoundException", "")
        return {"SecretString": self.current[name]}

    def function(self) -> SecretStore:
        """Return the memory of one function environment."""
        return SecretStore(self.call, lambda: self.now)


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture
def aws() -> SecretsManager:
    return SecretsManager()


@pytest.mark.parametrize(
    ("stored", "values"),
    [
        ("text", ["text"]),
        ('["NEW", "OLD"]', ["NEW", "OLD"]),
        ('["NEW", 1, null]', ["NEW"]),
        ("[]", []),
        ("", []),
        ("123", ["123"]),
        ('{"key": "value"}', ['{"key": "value"}']),
        ("[" * 100_000, ["[" * 100_000]),
    ],
)
def test_a_value_is_one_text_or_a_list_of_texts(aws: SecretsManager, stored: str, values: list[str]) -> None:
    aws.current["acme/orders"] = stored
    assert aws.function().read("acme/orders") == values


def test_a_binary_value_is_text_in_utf_8(aws: SecretsManager) -> None:
    for binary in (b"text", base64.b64encode(b"text").decode()):  # as boto3 gives it, and as it is in AWS's answer

        def call(*_: Any, binary: object = binary) -> dict[str, Any]:
            return {"SecretBinary": binary}

        assert SecretStore(call, lambda: aws.now).read("acme/orders") == ["text"]


def test_the_runbook_states_the_bounds() -> None:
    runbook = (ROOT / "docs/how-to/rotate-secrets.md").read_text("utf-8")
    assert f"a secret is added | at the latest {REFUSE_SECONDS} seconds after" in runbook
    assert f"a secret is replaced or deleted | at the latest {MAX_AGE_SECONDS // 60} minutes later" in runbook
    assert f"(`jwks_url`) | at the latest {REREAD_SECONDS} seconds later" in runbook
    assert f"withdraws a key or a certificate | at the latest {PUBLISHED_SECONDS // 60} minutes later" in runbook


def test_a_name_with_ssm_is_read_from_parameter_store(aws: SecretsManager) -> None:
    aws.parameters["/acme/orders"] = "text"
    secrets = aws.function()
    assert (secrets.read("ssm:/acme/orders"), secrets.read("ssm:/acme/none")) == (["text"], [])
    assert aws.asked == [("GetParameter", "/acme/orders"), ("GetParameter", "/acme/none")]


def test_a_value_is_read_again_after_five_minutes(aws: SecretsManager) -> None:
    aws.current["acme/orders"] = "old"
    secrets = aws.function()
    secrets.read("acme/orders")
    aws.current["acme/orders"] = "new"
    aws.now += MAX_AGE_SECONDS - 1
    assert secrets.read("acme/orders") == ["old"]
    aws.now += 1
    assert secrets.read("acme/orders") == ["new"]


def test_a_secret_that_was_deleted_is_forgotten_when_it_is_read_again(aws: SecretsManager) -> None:
    aws.current["acme/orders"] = "old"
    secrets = aws.function()
    secrets.read("acme/orders")
    del aws.current["acme/orders"]
    aws.now += REFUSE_SECONDS
    assert secrets.refresh("acme/orders") == []
    assert secrets.read("acme/orders") == []


def test_a_customer_that_does_not_exist_costs_one_call(aws: SecretsManager) -> None:
    secrets = aws.function()
    assert (secrets.read("acme/nobody"), secrets.refresh("acme/nobody")) == ([], [])
    assert aws.asked == [("GetSecretValue", "acme/nobody")]


def test_a_new_customer_is_known_five_seconds_after_a_stranger_used_the_name(aws: SecretsManager) -> None:
    secrets = aws.function()
    secrets.read("acme/new")
    aws.current["acme/new"] = "text"
    aws.now += REFUSE_SECONDS
    assert secrets.read("acme/new") == ["text"]


def test_a_flood_of_names_forgets_no_secret_and_no_recent_name(aws: SecretsManager) -> None:
    aws.current["acme/orders"] = "text"
    secrets = aws.function()
    secrets.read("acme/orders")
    for number in range(MAX_NAMES + 1):
        secrets.read(f"acme/{number}")
    aws.asked.clear()
    assert secrets.read("acme/orders") == secrets.refresh("acme/orders") == ["text"]
    assert secrets.read(f"acme/{MAX_NAMES}") == secrets.read("acme/1") == []
    assert aws.asked == []
    secrets.read("acme/0")
    assert aws.asked == [("GetSecretValue", "acme/0")]


def test_a_secret_that_cannot_be_read_is_not_asked_for_by_every_webhook(aws: SecretsManager) -> None:
    secrets = aws.function()
    aws.failure = "AccessDeniedException"
    for _ in range(3):
        with pytest.raises(Unavailable, match="secret acme/orders: AccessDeniedException"):
            secrets.read("acme/orders")
    assert len(aws.asked) == 1
    aws.failure, aws.current["acme/orders"] = "", "text"
    aws.now += REFUSE_SECONDS
    assert secrets.read("acme/orders") == ["text"]


def test_after_a_failure_and_a_success_a_second_failure_is_one_of_its_own(aws: SecretsManager) -> None:
    secrets = aws.function()
    aws.failure = "ThrottlingException"
    with pytest.raises(Unavailable):
        secrets.enroll("acme/asana", "first")
    aws.failure = ""
    secrets.enroll("acme/asana", "first")
    assert secrets.refresh("acme/asana") == ["first"]
    aws.now += MAX_AGE_SECONDS
    del aws.current["acme/asana"]
    assert secrets.read("acme/asana") == []


def test_of_two_functions_that_enroll_at_the_same_moment_the_first_wins(aws: SecretsManager) -> None:
    first, second = aws.function(), aws.function()
    real = aws.call

    def while_the_other_asks(*arguments: Any) -> dict[str, Any]:
        if arguments[2] == "PutSecretValue":
            first.enroll("acme/asana", "genuine")
        return real(*arguments)

    second = SecretStore(while_the_other_asks, lambda: aws.now)
    with pytest.raises(Unauthorized, match="another value"):
        second.enroll("acme/asana", "forged")
    assert aws.current == {"acme/asana": "genuine"}
    assert first.read("acme/asana") == ["genuine"]


def test_a_function_that_remembers_no_secret_looks_before_it_enrolls_one(aws: SecretsManager) -> None:
    secrets = aws.function()
    secrets.read("acme/asana")
    aws.current["acme/asana"] = "set by an operator"
    with pytest.raises(Unauthorized, match="another value"):
        secrets.enroll("acme/asana", "forged")
    assert aws.current == {"acme/asana": "set by an operator"}


@pytest.mark.parametrize("stored", ["[]", "", "{}"])
def test_a_secret_with_a_value_that_is_good_for_nothing_is_not_enrolled(aws: SecretsManager, stored: str) -> None:
    aws.current["acme/asana"] = stored
    with pytest.raises(Unauthorized):
        aws.function().enroll("acme/asana", "forged")
    assert aws.current == {"acme/asana": stored}


def test_the_same_secret_may_arrive_again(aws: SecretsManager) -> None:
    for _ in range(2):
        aws.function().enroll("acme/asana", "genuine")
    secrets = aws.function()
    secrets.read("acme/asana")
    secrets.enroll("acme/asana", "genuine")
    assert secrets.read("acme/asana") == ["genuine"]
    assert [operation for operation, _ in aws.asked].count("PutSecretValue") == 1


def test_a_secret_that_was_enrolled_and_then_rotated_is_not_brought_back(aws: SecretsManager) -> None:
    aws.function().enroll("acme/asana", "first")
    aws.current["acme/asana"] = "second"
    with pytest.raises(Unauthorized):
        aws.function().enroll("acme/asana", "first")
    assert aws.current == {"acme/asana": "second"}


def test_two_secrets_may_be_enrolled_with_one_value(aws: SecretsManager) -> None:
    for name in ("acme/asana", "acme/notion"):
        aws.function().enroll(name, "same")
    assert aws.current == {"acme/asana": "same", "acme/notion": "same"}
    assert all(32 <= len(token) <= 64 for _, token in aws.versions)


def test_a_secret_that_cannot_be_stored_is_not_enrolled(aws: SecretsManager) -> None:
    real = aws.call

    def no_puts(*arguments: Any) -> dict[str, Any]:
        if arguments[2] == "PutSecretValue":
            raise AwsError("AccessDeniedException", "kms")
        return real(*arguments)

    secrets = SecretStore(no_puts, lambda: aws.now)
    with pytest.raises(Unavailable, match="secret acme/asana: AccessDeniedException"):
        secrets.enroll("acme/asana", "genuine")
    assert secrets.read("acme/asana") == []

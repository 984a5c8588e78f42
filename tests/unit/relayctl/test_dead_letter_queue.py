"""The queues of a stack, by its outputs."""

import pytest

from relayctl import output
from relayctl.dead_letter_queue import DeadLetterQueue


def test_a_stack_that_is_not_a_relays_is_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(output.Failure) as failure:
        DeadLetterQueue.of_stack(None, {"BucketName": "another-product"})
    assert failure.value.exit_code == output.FAILED
    assert "The stack has no output DeadLetterQueueUrl: it is not a relay's" in capsys.readouterr().err

"""A standard queue of the local AWS, whose messages have groups: nobody waits for the one who has sent most."""

from relay_local.process import PARTNER, LocalAws
from tests.local_bus import REGION


def test_a_quiet_groups_message_overtakes_the_backlog_of_a_noisy_one(bus: LocalAws) -> None:
    sqs = bus.client("sqs", PARTNER, REGION)
    url = sqs.create_queue(QueueName="fair", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]

    def send(group: str, number: int) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=f"{group}{number}", MessageGroupId=group)

    def receive(count: int) -> list[str]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count).get("Messages", [])
        return [message["Body"] for message in messages]

    for number in range(35):
        send("a", number)
    in_flight = [body for _ in range(3) for body in receive(10)]
    assert in_flight == [f"a{number}" for number in range(30)]
    send("b", 0)
    assert receive(2) == ["b0", "a30"]

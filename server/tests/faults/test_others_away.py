"""The lab and the receiver belong to others: they may be away, and nothing of ours waits for them in vain."""

import time
from uuid import uuid4

from listening import Ear, listening
from running import Sandbox


def test_orders_are_accepted_while_the_lab_does_not_answer_and_get_there_when_it_does(sandbox: Sandbox) -> None:
    way = {"metadata": {"sandbox_scenario": "undeliverable"}}
    with sandbox.paused("lab"):
        answers = [sandbox.post_order(str(uuid4()), **way) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        samples = [answer.json()["sample_id"] for answer in answers]
        time.sleep(2)
        assert {sandbox.kit_state(sample) for sample in samples} == {"requested"}
    for sample in samples:
        sandbox.wait_until(
            "the kit came to its end", lambda sample=sample: sandbox.kit_state(sample) == "undeliverable", seconds=40
        )
        told = sandbox.journey(sample)
        assert [move["state"] for move in told["kits"][0]["moves"]] == [
            "requested",
            "ordered",
            "shipped",
            "undeliverable",
        ]
        assert [hold["owner"] for hold in told["holds"]] == ["customer"]


def test_a_receiver_that_was_down_hears_on_the_third_attempt_within_ten_seconds(sandbox: Sandbox) -> None:
    ear = Ear()
    with listening(ear):
        subscription = ear.subscribe(sandbox)
    sample = sandbox.order(str(uuid4()), metadata={"sandbox_scenario": "failed_qc"})
    attempts = (
        "SELECT extract(epoch FROM a.started)::float, a.response_status FROM webhooks_attempt a"
        " JOIN webhooks_delivery d ON d.id = a.delivery_id WHERE d.subscription_id = %s AND d.body LIKE %s ORDER BY a.number"
    )
    sandbox.wait_until(
        "two attempts failed", lambda: len(sandbox.rows(attempts, subscription, f"%{sample}%")) >= 2, seconds=60
    )
    with listening(ear):
        sandbox.wait_until("the receiver heard", lambda: bool(ear.events_of(sample)), seconds=15)
        sandbox.wait_until(
            "the answer is recorded",
            lambda: sandbox.rows(attempts, subscription, f"%{sample}%")[-1][1] == 200,
            seconds=5,
        )
        made = sandbox.rows(attempts, subscription, f"%{sample}%")
        assert [status for _, status in made] == [None, None, 200]
        assert made[2][0] - made[0][0] < 10
        ear.check_told_once([sample])
        with sandbox.client() as client:
            client.delete_subscription(subscription)

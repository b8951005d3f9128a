"""The Idempotency-Key, against the real server with its processes and threads."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
from running import Sandbox

REFUSED = {"sandbox_scenario": "rejected"}  # the lab declines, so that nothing has to be analyzed


def test_a_key_gives_the_same_sample_again_and_refuses_another_order(sandbox: Sandbox) -> None:
    key = str(uuid4())
    first, second = (sandbox.post_order(key, metadata=REFUSED) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    other = sandbox.post_order(key, metadata=REFUSED, recipient_address_name="John Doe")
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    with sandbox.client() as client:
        assert client.sample(first.json()["sample_id"]).id == first.json()["sample_id"]


def test_forty_racing_requests_on_ten_keys_make_ten_samples(sandbox: Sandbox) -> None:
    mark = str(uuid4())
    keys = [f"{mark}-{number}" for number in range(10)]

    def ask(key: str) -> httpx2.Response:
        return sandbox.post_order(key, metadata={**REFUSED, "race": mark})

    with ThreadPoolExecutor(40) as shops:
        answers = list(shops.map(ask, keys * 4))
    assert {answer.status_code for answer in answers} <= {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            assert int(answer.headers["Retry-After"]) >= 1
    made = {answer.json()["sample_id"] for answer in answers if answer.status_code == 201}
    made |= {sandbox.order(key, metadata={**REFUSED, "race": mark}) for key in keys}
    assert len(made) == 10
    assert sandbox.rows("SELECT count(*) FROM kits_sample WHERE metadata ->> 'race' = %s", mark) == [(10,)]

"""A key is carried out once, however many ask for it at the same moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from kitloop.base.errors import KeyInFlight
from kitloop.base.idempotency import once
from kitloop.base.models import IdempotencyKey

KEYS, THREADS = 60, 8


@pytest.mark.django_db(transaction=True)
def test_eight_who_ask_at_once_are_all_answered_and_each_key_is_carried_out_once() -> None:
    """Whoever finds the key taken asks again without a pause, so that many come at the moment when it is given up."""
    organization, done = uuid4(), Counter[str]()
    start = Barrier(THREADS)

    def shop(number: int) -> list[tuple[str, str]]:
        start.wait()
        try:
            return [(key, _asked_until_answered(organization, key, done)) for key in map(str, range(KEYS))]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as shops:
        answers = {answer for answered in shops.map(shop, range(THREADS)) for answer in answered}
    assert len(answers) == KEYS  # everybody has the same answer
    assert set(done.values()) == {1}
    assert IdempotencyKey.objects.filter(organization_id=organization).count() == KEYS


def _asked_until_answered(organization: UUID, key: str, done: Counter[str]) -> str:
    def do() -> dict[str, Any]:
        done[key] += 1
        return {"made": str(uuid4())}

    while True:
        try:
            answer, _ = once(organization, key, of="x", do=do)
            return str(answer["made"])
        except KeyInFlight:
            continue

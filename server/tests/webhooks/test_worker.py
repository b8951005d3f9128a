"""A real worker, killed in the middle of a drain, and another one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from cast import Cast
from django.db import connection
from kitloop.webhooks.models import Attempt, Delivery
from kitloop_sdk.webhooks import verify_webhook
from owed import finished, subscribed, with_secret
from webhook_receiver import Answer, Receiver

WORKER = """
import sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from kitloop.worker.run import run_worker
run_worker(queues=["webhooks", "housekeeping"], concurrency=8)
"""


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "KITLOOP_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "KITLOOP_WEBHOOK_RETRY_SECONDS": "0,1,2,3,4,5,6,7,8,9",
        "KITLOOP_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"])], env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def until(is_so: Callable[[], bool], *, within_seconds: float) -> None:
    end = time.monotonic() + within_seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_drain_is_made_up_for_by_the_next(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(after_seconds=0.3)
    subscription = subscribed(cast, receiver.url())
    secret = with_secret(subscription)
    events = {str(finished(cast.project).id) for _ in range(60)}
    with worker() as first:
        until(lambda: len(receiver.received) >= 20, within_seconds=30)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    before = Delivery.objects.filter(state="delivered").count()
    assert before < 60
    started = time.monotonic()
    with worker():
        until(lambda: Delivery.objects.filter(state="delivered").count() == 60, within_seconds=30)
    print(f"all there {time.monotonic() - started:.1f} s after the second worker was started, {before} before it")
    came = [verify_webhook(r.body, r.headers["gencove-signature"], secret)[0].event_id for r in receiver.received]
    assert set(came) == events
    assert len(came) <= 60 + 8  # what was in flight when the worker died went out twice
    assert {json.loads(r.body)[0]["event_id"] for r in receiver.received} == events
    assert Attempt.objects.count() == 60

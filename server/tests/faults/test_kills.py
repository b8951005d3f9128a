"""Any process may be killed at any time: nothing that was accepted is lost, nothing is done twice."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from listening import Ear
from running import Sandbox

PROGRAMS = ("server", "worker", "webhooks", "analysis", "lab", "postgres")


@pytest.mark.timeout(600)  # a minute on an idle machine; a busy one is not a failure
def test_every_program_is_killed_and_every_accepted_order_is_carried_out_once(
    sandbox: Sandbox, ear: Ear, tmp_path: Path
) -> None:
    answering = threading.Event()

    def hesitate(number: int) -> int:
        if number == 0:
            answering.wait(4)  # the first delivery hangs: its sender is killed meanwhile
        return 200

    ear.answers = hesitate
    keys = [str(uuid4()) for _ in range(3)]
    with ThreadPoolExecutor(3) as shop:
        orders = [shop.submit(sandbox.order, key) for key in keys[:2]]
        sandbox.kill("server")  # perhaps between storing an order and answering it
        orders.append(shop.submit(sandbox.order, keys[2]))
        samples = [order.result(60) for order in orders]
    sandbox.kill("worker")  # while orders are on their way to the lab
    _when(sandbox, samples, "a kit is at the lab", "kits_kit WHERE state IN ('shipped', 'delivered', 'received')")
    sandbox.kill("lab")
    _when(sandbox, samples, "an analysis runs", "runs_run WHERE state = 'running'")
    time.sleep(0.5)
    sandbox.kill("analysis")
    sandbox.kill("postgres")
    assert sandbox.order(keys[0], seconds=30) == samples[0]  # the same key, the same sample, by itself after a while
    sandbox.wait_until("a delivery hangs", lambda: bool(ear.knocks), seconds=200)
    sandbox.kill("webhooks")
    answering.set()
    sandbox.wait_for_all(samples, seconds=200)
    sandbox.check_done_once(samples)
    sandbox.wait_until("everybody was told", lambda: all(ear.events_of(s) for s in samples), seconds=20)
    ear.check_told_once(samples)
    assert [sandbox.order(key) for key in keys] == samples
    with sandbox.client() as client:
        for file in client.sample(samples[0]).files:
            client.download(file, tmp_path / file.id)  # checks size and SHA-256


def _when(sandbox: Sandbox, samples: list[str], what: str, rows: str) -> None:
    query = f"SELECT 1 FROM {rows} AND sample_id = ANY(%s::uuid[])"
    sandbox.wait_until(what, lambda: bool(sandbox.rows(query, samples)), seconds=60)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_forty_orders_get_through_a_minute_in_which_a_random_program_is_killed_every_other_second(
    sandbox: Sandbox, ear: Ear, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = 20260301
    chance = random.Random(seed)
    sandbox.kills.clear()
    keys = [str(uuid4()) for _ in range(40)]
    began = time.monotonic()
    with ThreadPoolExecutor(4) as shop:
        orders = [shop.submit(sandbox.order, key, seconds=180) for key in keys]
        while time.monotonic() - began < 65:
            time.sleep(chance.uniform(1, 3))
            sandbox.kill(chance.choice(PROGRAMS), seconds=30)
        samples = [order.result(180) for order in orders]
    quiet = time.monotonic()
    sandbox.wait_for_all(samples, seconds=1200)
    sandbox.check_done_once(samples, seconds=120)
    sandbox.wait_until("everybody was told", lambda: all(ear.events_of(s) for s in samples), seconds=60)
    repeats = ear.check_told_once(samples)
    stored = sandbox.rows("SELECT count(*) FROM base_idempotencykey WHERE key = ANY(%s)", keys)
    assert stored == [(40,)]
    assert [sandbox.order(key) for key in keys] == samples
    with capsys.disabled():
        print(
            f"\n{len(samples)} orders, seed {seed}, kills {dict(sorted(sandbox.kills.items()))} = {sum(sandbox.kills.values())};"
            f" all ended {time.monotonic() - quiet:.0f} s after the last kill; lost 0, done twice 0,"
            f" deliveries repeated with the same event id {repeats}"
        )


@pytest.mark.long
@pytest.mark.timeout(300)
def test_workers_that_were_thought_dead_and_come_back_do_nothing_twice(sandbox: Sandbox, ear: Ear) -> None:
    answering = threading.Event()
    ear.answers = lambda number: 200 if number or answering.wait(30) else 500
    samples = [sandbox.order(str(uuid4())) for _ in range(2)]
    with sandbox.paused("worker"):
        time.sleep(6)  # longer than a worker may be silent
    _when(sandbox, samples, "an analysis runs", "runs_run WHERE state = 'running'")
    time.sleep(1)
    with sandbox.paused("analysis"):
        taken_away = (
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'runs.execute' AND status = 'todo' AND attempts > 0"
        )
        sandbox.wait_until("its jobs are given to others", lambda: bool(sandbox.rows(taken_away)), seconds=20)
    sandbox.wait_until("a delivery hangs", lambda: bool(ear.knocks), seconds=90)
    with sandbox.paused("webhooks"):
        time.sleep(6)
        answering.set()
    sandbox.wait_for_all(samples, seconds=120)
    sandbox.check_done_once(samples)
    sandbox.wait_until("everybody was told", lambda: all(ear.events_of(s) for s in samples), seconds=30)
    ear.check_told_once(samples)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_everything_is_killed_at_once_three_times_and_a_new_start_carries_on(sandbox: Sandbox, ear: Ear) -> None:
    samples: list[str] = []
    for seconds in (0.3, 2.0, 5.0):
        samples += [sandbox.order(str(uuid4())) for _ in range(2)]
        time.sleep(seconds)
        sandbox.cut_the_power()
        sandbox.start()
    sandbox.wait_for_all(samples, seconds=300)
    sandbox.check_done_once(samples)
    sandbox.wait_until("everybody was told", lambda: all(ear.events_of(s) for s in samples), seconds=30)
    ear.check_told_once(samples)

"""An analysis that was ended goes on where it was, and never in a folder in which a program is still at work."""

import fcntl
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from kitloop.base import objects
from kitloop.runs.attempts import attempt_at, forget_attempts

RUN = uuid4()


@pytest.fixture(autouse=True)
def settled(settings: LazySettings, tmp_path: Path) -> None:
    settings.KITLOOP_OBJECTS = tmp_path


def left_by_a_killed_worker(run_id: object = RUN, name: str = "aligned") -> Path:
    out = objects.work_folder() / f"run-{run_id}-{name}"
    out.mkdir()
    (out / ".lock").touch()
    (out / name).write_text("half")
    return out


def test_what_a_killed_attempt_left_is_where_the_next_one_goes_on() -> None:
    left = left_by_a_killed_worker()
    other = left_by_a_killed_worker(uuid4())
    with attempt_at(RUN) as attempt:
        assert (attempt.out / "aligned").read_text() == "half"
        assert not left.exists()
        attempt.is_kept = True
    with attempt_at(RUN) as attempt:
        assert (attempt.out / "aligned").read_text() == "half"
    assert list(objects.work_folder().iterdir()) == [other]


def test_a_folder_in_which_a_program_works_is_left_to_it() -> None:
    left = left_by_a_killed_worker()
    with (left / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with attempt_at(RUN) as attempt:
            assert [path.name for path in attempt.out.iterdir()] == [".attempt"]
        assert (left / "aligned").exists()
    forget_attempts(RUN)
    assert list(objects.work_folder().iterdir()) == []


def test_a_folder_is_its_workers_until_the_files_are_kept() -> None:
    with attempt_at(RUN) as first:
        (first.out / ".lock").touch()  # its program has ended
        (first.out / "result.json").write_text("{}")
        with attempt_at(RUN) as second:
            assert [path.name for path in second.out.iterdir()] == [".attempt"]
        assert (first.out / "result.json").exists()
    assert list(objects.work_folder().iterdir()) == []


def test_of_two_that_are_left_one_is_taken_and_both_are_gone_with_the_run() -> None:
    left_by_a_killed_worker(name="a")
    left_by_a_killed_worker(name="b")
    with attempt_at(RUN) as attempt:
        assert sorted(path.name for path in attempt.out.iterdir()) == [".attempt", ".lock", "a"]
        attempt.is_kept = True
    forget_attempts(RUN)
    assert list(objects.work_folder().iterdir()) == []

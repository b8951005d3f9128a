"""`kitloop-lab` by hand: kits, logins and the doctor."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from builders import PROGRAM
from click.testing import CliRunner
from django.contrib.auth.models import User
from kitloop_lab import command
from kitloop_lab.models import Batch
from receiver import Receiver


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def _run(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KITLOOP_", "DJANGO_"))}
    return subprocess.run(
        [PROGRAM, *arguments],
        env=clean | {"KITLOOP_DATA": str(folder)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands in this process, on the tests' database."""
    monkeypatch.setattr(command, "_start_django", lambda: None)
    monkeypatch.setattr(command, "_migrate", lambda: None)
    return CliRunner()


@pytest.mark.parametrize("name", ["", "serve", "migrate", "make-kits", "create-user", "doctor"])
def test_every_command_has_help_with_what_it_does(name: str) -> None:
    shown = CliRunner().invoke(command.main, [*name.split(), "--help"], prog_name="kitloop-lab")
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage: kitloop-lab")
    assert ("Examples:" in shown.output) == (name in ("", "serve"))


def test_kits_are_made_in_batches_before_any_order(tmp_path: Path) -> None:
    assert _run(tmp_path, "make-kits", "--batch", "4").stdout == "Batch 1: 4 kits. 4 in stock.\n"
    with closing(sqlite3.connect(tmp_path / "lab/lab.sqlite3")) as database:
        assert database.execute("SELECT state, count(*) FROM lab_kit GROUP BY state").fetchall() == [("made", 4)]


@pytest.mark.django_db
def test_a_further_batch_comes_on_top_of_the_stock(here: CliRunner) -> None:
    made = [here.invoke(command.main, ["make-kits", "--batch", size]).output for size in ("4", "2")]
    first = Batch.objects.order_by("pk")[0].pk
    assert made == [
        f"Batch {first}: 4 kits. 4 in stock.\n",
        f"Batch {first + 1}: 2 kits. 6 in stock.\n",
    ]


@pytest.mark.parametrize("size", ["0", "-1", "10001", "many"])
def test_a_batch_has_a_size(here: CliRunner, size: str) -> None:
    assert here.invoke(command.main, ["make-kits", "--batch", size]).exit_code == 2


@pytest.mark.django_db
def test_a_login_is_made_once_and_with_a_password_worth_the_name(here: CliRunner) -> None:
    def create(*arguments: str) -> tuple[int, str]:
        ended = here.invoke(command.main, ["create-user", *arguments])
        return ended.exit_code, ended.output

    assert create("ada", "--password", "password")[0] == 1
    good = ("--password", "long enough by far")
    assert create("ada", *good) == (0, "User ada can log in at the bench.\n")
    assert create("ada", *good) == (1, "Error: There is a user ada already.\n")
    assert create("ada", "--exist-ok", "--password", "another one by far") == (0, "There is a user ada already.\n")
    assert User.objects.get(username="ada").check_password("long enough by far")
    assert create("ben", "--no-ships", *good) == (0, "User ben can log in at the bench, without seeing recipients.\n")
    seen = {user.username: (user.is_staff, user.has_perm("lab.view_sealedrecipient")) for user in User.objects.all()}
    assert seen == {"ada": (True, True), "ben": (True, False)}


def test_a_data_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = _run(tmp_path, "migrate", KITLOOP_LAB_DATA=str(tmp_path / "file" / "lab"))
    assert ended.returncode == 1
    assert "--data or KITLOOP_LAB_DATA" in ended.stderr


def test_the_doctor_names_what_is_missing_and_changes_nothing(empty: Path) -> None:
    ended = _run(empty, "doctor")
    assert ended.returncode == 1
    mend = [line for line in ended.stdout.splitlines() if line.startswith("MEND")]
    for word in ("data folder", "key file", "KITLOOP_LAB_SECRET", "KITLOOP_LAB_PLATFORM_URL", "KITLOOP_LAB_DEMO"):
        assert any(word in line for line in mend), word
    assert list(empty.iterdir()) == []


def test_the_doctor_is_content_with_a_lab_in_order(
    tmp_path: Path, migrated: Path, request: pytest.FixtureRequest
) -> None:
    receiver = Receiver("a secret")
    request.addfinalizer(receiver.stop)
    simulator = tmp_path / "kitloop-genomics"
    simulator.write_text("#!/bin/sh\nexit 0\n")
    simulator.chmod(0o755)
    for name in ("bundle", "people"):
        (tmp_path / "demo" / name).mkdir(parents=True)
    settings = {
        "KITLOOP_LAB_SECRET": "a secret",
        "KITLOOP_LAB_PLATFORM_URL": receiver.url,
        "KITLOOP_LAB_DEMO": str(tmp_path / "demo"),
        "KITLOOP_LAB_GENOMICS": str(simulator),
    }
    shutil.copytree(migrated, tmp_path / "lab", dirs_exist_ok=True)
    ended = _run(tmp_path, "doctor", **settings)
    assert "MEND" not in ended.stdout, ended.stdout
    assert ended.returncode == 0
    assert "a secret" not in ended.stdout.replace("has a secret to sign with", "")

"""The `kitloop` command with wrong words: one line that says what to do, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import click
import psycopg
import pytest
from cast import make_cast, make_lab
from cryptography.fernet import Fernet
from django.db import connections
from kitloop.base.sealed import _fernet
from kitloop.local.doctor import _sealed
from kitloop_sdk.command import main
from pytest_django import Settings
from second_factors import turned_on

KITLOOP = str(Path(sys.executable).with_name("kitloop"))
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KITLOOP_", "DJANGO_", "DATABASE_"))}
    data = str(Path(os.environ["KITLOOP_DATA"]).with_name("commands"))
    return subprocess.run(
        [KITLOOP, *words], env={**clean, "KITLOOP_DATA": data, **settings}, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> str:
    """A database of their own beside the tests', as DATABASE_URL: each command would start and stop a PostgreSQL."""
    known = connections["default"].settings_dict
    where = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    given = {name: value for name, value in where.items() if value}
    with psycopg.connect(**given, dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS commands")
        connection.execute("CREATE DATABASE commands")
    url = f"postgresql:///commands?{urlencode(given)}"
    assert run("migrate", DATABASE_URL=url).returncode == 0
    return url


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("create-lab Bad/Slug --sandbox --url http://127.0.0.1:1", "slug"),
        ("create-lab lab --url nonsense", "http"),
        ("create-lab lab", "--url"),
        ("create-project Kits --organization 1", "no organization"),
        ("create-user notanemail --organization 1", "organization"),
        ("create-organization Acme --results-url javascript:x", "--results-url"),
        ("create-api-key nobody@example.com", "create-user"),
        ("turn-off-mfa nobody@example.com", "There is no user with this e-mail address."),
    ],
)
def test_wrong_words_are_named(database: str, words: str, said: str) -> None:
    done = run(*words.split(), DATABASE_URL=database)
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        ("serve --port 99999999", {}, "--port"),
        ("worker --queues nope", {}, "no queue nope"),
        ("worker --concurrency 0", {}, "--concurrency"),
        ("doctor", {"KITLOOP_URL_SECONDS": "abc"}, "KITLOOP_URL_SECONDS"),
        ("doctor", {"KITLOOP_DATA": "/proc/nope"}, "KITLOOP_DATA"),
        ("doctor", {"KITLOOP_REGISTRATION": "sometimes"}, "KITLOOP_REGISTRATION must be one of invited, open"),
        ("doctor", {"KITLOOP_EMAIL_TLS": "1", "KITLOOP_EMAIL_SSL": "1"}, "exclude each other"),
        ("migrate", {"DATABASE_URL": NOWHERE}, "DATABASE_URL"),
        ("migrate", {"DATABASE_URL": "mysql://x/y"}, "postgresql://"),
    ],
)
def test_wrong_settings_are_named(words: str, settings: dict[str, str], said: str) -> None:
    done = run(*words.split(), **settings)
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lab_is_switched_off_for_another(database: str) -> None:
    def create(*words: str) -> subprocess.CompletedProcess[str]:
        return run("create-lab", *words, DATABASE_URL=database)

    assert create("first", "--url", "http://127.0.0.1:1").returncode == 0
    refused = create("second", "--url", "http://127.0.0.1:2")
    assert refused.returncode == 1
    assert "--disable" in refused.stderr
    assert create("first", "--disable").returncode == 0
    assert create("second", "--url", "http://127.0.0.1:2").returncode == 0


def test_a_labs_secret_stays_until_another_is_asked_for(database: str, tmp_path: Path) -> None:
    def create(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        always = ("create-lab", "kept", "--url", "http://127.0.0.1:1", "--sandbox", "--json")
        return run(*always, *words, DATABASE_URL=database, **settings)

    first, again = (json.loads(create().stdout) for _ in range(2))
    renewed = json.loads(create("--new-secret").stdout)
    assert len(first["secret"]) > 30
    assert again["secret"] is None
    assert renewed["secret"] not in {None, first["secret"]}
    unreadable = tmp_path / "secret"
    unreadable.write_bytes(b"\xff\xfe")
    refused = create("--secret-file", str(unreadable))
    assert (refused.returncode, refused.stderr) == (1, "Error: The secret file can't be read as text.\n")
    shut = create("--new-secret", KITLOOP_SEALING_KEYS="nonsense")
    assert (shut.returncode, "kitloop doctor" in shut.stderr, "Traceback" in shut.stderr) == (1, True, False)


@pytest.mark.django_db
def test_the_doctor_says_when_what_was_sealed_does_not_open_any_more(settings: Settings) -> None:
    make_lab()
    turned_on(make_cast().owner.user)
    assert [(found.said, found.remedy) for found in _sealed()] == [("all 2 looked at open", "")]
    settings.KITLOOP_SEALING_KEYS = [Fernet.generate_key().decode()]
    _fernet.cache_clear()
    try:
        (found,) = _sealed()
    finally:
        _fernet.cache_clear()
    assert found.said == "2 of 2 looked at don't open with the keys that are set"
    assert "KITLOOP_SEALING_KEYS" in found.remedy


def test_every_command_says_what_it_does_in_one_line_and_gives_an_example() -> None:
    top = click.Context(main, info_name="kitloop", terminal_width=80)
    listed = main.get_help(top)
    assert "..." not in listed.split("Commands:")[1]
    found = {name: main.get_command(top, name) for name in main.list_commands(top)}
    group = found["maintenance"]
    assert isinstance(group, click.Group)
    found |= {f"maintenance {name}": command for name, command in group.commands.items()}
    assert len(found) > 15
    assert {
        name for name, command in found.items() if f"kitloop {name}" not in ((command and command.epilog) or "")
    } == set()

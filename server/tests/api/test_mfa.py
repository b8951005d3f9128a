"""The second factor: set up, confirmed, asked for at the login, used up, turned off."""

import re
import threading
from base64 import b32decode
from typing import Any

import pytest
from cast import Cast, make_cast
from django.db import connection
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from kitloop.accounts.models import Authenticator
from kitloop.accounts.second_factor import passes
from kitloop.events.audit import AuditEntry
from posting import posted
from second_factors import code, later, turned_on
from sending import sent

PASSWORD = "a long enough password"
WRONG = "This code is not right, or not any more. Enter the one that the app shows now."


def log_in(cast: Cast, **more: str) -> Any:
    body = {"email": cast.viewer.user.email, "password": PASSWORD, **more}
    return Client().post("/api/v2/jwt-create/", body, content_type="application/json")


def test_from_set_up_to_backup_tokens_to_the_letter(client: Client, cast: Cast) -> None:
    assert sent(client, cast, "GET", "mfa-status/", who="viewer").content == b'{"has_mfa_device":false}'
    answer = sent(client, cast, "POST", "mfa-setup/", {"device_type": "generator"}, who="viewer")
    secret = answer.json()["secret"]
    email = cast.viewer.user.email.replace("@", "%40")
    assert answer.status_code == 201
    assert answer.content.decode() == (
        f'{{"secret":"{secret}","config_url":"otpauth://totp/Kitloop%3A{email}?secret={secret}&algorithm=SHA1&digits=6'
        '&period=30&issuer=Kitloop"}'
    )
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    assert sent(client, cast, "GET", "mfa-status/", who="viewer").json() == {"has_mfa_device": False}
    assert log_in(cast).status_code == 200  # not before it is confirmed
    done = sent(client, cast, "POST", "mfa-validate/", {"token": code(secret)}, who="viewer")
    assert done.status_code == 201
    tokens = done.json()["backup_tokens"]
    assert list(done.json()) == ["backup_tokens"]
    assert len(set(tokens)) == 10
    assert all(re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", token) for token in tokens)
    assert sent(client, cast, "GET", "mfa-status/", who="viewer").content == b'{"has_mfa_device":true}'
    (letter,) = posted()
    assert (letter.to, letter.subject) == (
        [cast.viewer.user.email], "Two-step login is on for your Kitloop account",
    )  # fmt: skip
    listed = sent(client, cast, "GET", "organization-users/?search=viewer").json()["results"]
    assert [row["has_mfa_device"] for row in listed] == [True]
    entries = AuditEntry.objects.filter(action__startswith="mfa").order_by("position").values_list("action", "subjects")
    id = cast.viewer.user.id
    assert list(entries) == [("mfa-setup.post", [id]), ("mfa-validate.post", [id])]


def test_a_login_without_the_code_says_what_to_ask_for(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    for body in ({}, {"otp_token": ""}):
        answer = log_in(cast, **body)
        assert (answer.status_code, list(answer.json())) == (401, ["otp_token"])
        assert answer.json() == {
            "otp_token": ["Enter the code that your authenticator app shows, or send a backup_token."]
        }
    later(cast.viewer.user)
    now = code(secret)
    answer = log_in(cast, otp_token=f"{now[:3]} {now[3:]}")
    assert (answer.status_code, list(answer.json())) == (200, ["refresh", "access"])
    access = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert Client().get("/api/v2/user/", headers=access).status_code == 200
    assert sent(Client(), cast, "GET", "user/", who="viewer").status_code == 200  # keys are not affected


def test_a_wrong_password_hears_nothing_of_a_second_factor(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    answer = log_in(cast, password="wrong", otp_token=code(secret))
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert log_in(cast, otp_token=code(secret)).status_code == 200  # and used nothing up


def test_a_code_works_once_and_a_wrong_one_makes_the_next_wait(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    now = code(secret)
    assert log_in(cast, otp_token=now).status_code == 200
    again = log_in(cast, otp_token=now)
    assert (again.status_code, again.json()) == (401, {"otp_token": [WRONG]})
    later(cast.viewer.user)
    assert not passes(cast.viewer.user, otp_token="nonsense")
    assert Authenticator.objects.get().throttling_failure_count == 1
    assert not passes(cast.viewer.user, otp_token=code(secret))
    later(cast.viewer.user)
    assert passes(cast.viewer.user, otp_token=code(secret))


@pytest.mark.parametrize("steps", [-3, 3, 1000])
def test_a_code_of_another_time_is_wrong(cast: Cast, steps: int) -> None:
    secret, _ = turned_on(cast.viewer.user)
    assert not passes(cast.viewer.user, otp_token=code(secret, steps=steps))


def test_a_backup_token_works_once_however_it_is_typed(cast: Cast) -> None:
    _, tokens = turned_on(cast.viewer.user)
    assert log_in(cast, backup_token=f" {tokens[3].upper().replace('-', ' ')} ").status_code == 200
    again = log_in(cast, backup_token=tokens[3])
    said = "This backup token is not right, or it was used already."
    assert (again.status_code, again.json()) == (401, {"backup_token": [said]})
    later(cast.viewer.user)
    assert log_in(cast, backup_token=tokens[4]).status_code == 200
    assert StaticToken.objects.count() == 8


def test_nobody_elses_code_or_token_lets_one_in(cast: Cast) -> None:
    secret, tokens = turned_on(cast.owner.user)
    turned_on(cast.viewer.user)
    assert not passes(cast.viewer.user, otp_token=code(secret))
    assert not passes(cast.viewer.user, backup_token=tokens[0])
    assert not passes(cast.analyst.user, otp_token=code(secret))
    assert not passes(cast.analyst.user)
    assert passes(cast.owner.user, backup_token=tokens[0])


def test_guesses_at_the_code_are_counted_with_those_at_the_password(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    assert [log_in(cast, otp_token="000000").status_code for _ in range(5)] == [401] * 5
    later(cast.viewer.user)
    assert log_in(cast, otp_token=code(secret)).status_code == 429


def test_the_database_opens_nothing(cast: Cast) -> None:
    secret, tokens = turned_on(cast.viewer.user)
    kept = str([*Authenticator.objects.values(), *TOTPDevice.objects.values(), *StaticToken.objects.values()])
    assert b32decode(secret).hex() not in kept
    assert secret not in kept
    assert not any(token in kept or token.replace("-", "") in kept for token in tokens)
    (row,) = TOTPDevice.objects.all()
    decoy = TOTP(bytes.fromhex(row.key))
    assert not passes(cast.viewer.user, otp_token=f"{decoy.token():06d}")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"device_type": ["This field is required."]}),
        ({"device_type": "pigeon"}, {"device_type": ['"pigeon" is not a valid choice.']}),
        ({"device_type": "yubikey"},
         {"device_type": ["Yubikeys are not served here. Use an authenticator app: generator."]}),
    ],
)  # fmt: skip
def test_a_device_that_is_not_served_is_refused(client: Client, cast: Cast, body: Any, said: Any) -> None:
    answer = sent(client, cast, "POST", "mfa-setup/", body, who="viewer")
    assert (answer.status_code, answer.json()) == (400, said)
    assert not Authenticator.objects.exists()


def test_setting_up_again_forgets_the_first_key_and_a_wrong_code_confirms_nothing(client: Client, cast: Cast) -> None:
    first, second = (
        sent(client, cast, "POST", "mfa-setup/", {"device_type": "generator"}, who="viewer").json()["secret"]
        for _ in range(2)
    )
    refused = sent(client, cast, "POST", "mfa-validate/", {"token": code(first)}, who="viewer")
    assert (refused.status_code, refused.json()) == (400, {"token": [WRONG]})
    assert Authenticator.objects.get().throttling_failure_count == 1
    assert posted() == []
    later(cast.viewer.user)
    assert sent(client, cast, "POST", "mfa-validate/", {"token": code(second)}, who="viewer").status_code == 201
    again = sent(client, cast, "POST", "mfa-validate/", {"token": code(second)}, who="viewer")
    assert (again.status_code, again.json()) == (
        400, {"detail": "Two-step login is not being set up.", "code": "mfa_off"},
    )  # fmt: skip
    on = sent(client, cast, "POST", "mfa-setup/", {"device_type": "generator"}, who="viewer")
    said = "Two-step login is on. Turn it off first to set up another device."
    assert (on.status_code, on.json()) == (400, {"detail": said, "code": "mfa_on"})
    assert Authenticator.objects.get().confirmed


def test_turned_off_the_password_is_enough_again(client: Client, cast: Cast) -> None:
    turned_on(cast.viewer.user)
    posted()
    answer = sent(client, cast, "DELETE", "mfa-disable/", who="viewer")
    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", "DELETE")
    assert log_in(cast).status_code == 200
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert [letter.subject for letter in posted()] == ["Two-step login is off for your Kitloop account"]
    again = sent(client, cast, "DELETE", "mfa-disable/", who="viewer")
    assert (again.status_code, again.json()) == (400, {"detail": "Two-step login is off already.", "code": "mfa_off"})


@pytest.mark.django_db(transaction=True)
def test_one_code_at_the_same_moment_lets_one_in() -> None:
    cast = make_cast()
    _, tokens = turned_on(cast.viewer.user)
    passed: list[bool] = []

    def one() -> None:
        try:
            passed.append(passes(cast.viewer.user, backup_token=tokens[0]))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 5 + [True]

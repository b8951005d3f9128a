"""Logging in by e-mail and password: the tokens, what they open, and how they end."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cast import Cast
from django.conf import settings
from django.test import Client
from kitloop.accounts.guesses import SIGNING_IN, count_attempt
from kitloop.accounts.logins import LoginOver, end_logins, forget_logins, log_in
from kitloop.accounts.models import Attempts, User
from kitloop.accounts.organizations import change_user
from kitloop.events.audit import AuditEntry
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

PASSWORD = "a long enough password"
KEY = settings.SIMPLE_JWT["SIGNING_KEY"]
NO_ACCOUNT = {"detail": "No active account found with the given credentials"}
OVER = {"detail": "Token is invalid or expired", "code": "token_not_valid"}
DEAD = (
    b'{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{"token_class":'
    b'"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}'
)


def post(path: str, body: Any, **more: Any) -> Any:
    return Client(**more).post(f"/api/v2/{path}/", body, content_type="application/json")


def tokens(cast: Cast, who: str = "owner") -> dict[str, str]:
    answer = post("jwt-create", {"email": getattr(cast, who).user.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.content
    found: dict[str, str] = answer.json()
    return found


def asked(token: str, path: str = "user") -> Any:
    return Client().get(f"/api/v2/{path}/", headers={"Authorization": f"Bearer {token}"})


def signed(**changes: Any) -> str:
    now = int(time.time())
    claims = {"token_type": "access", "exp": now + 60, "iat": now, "jti": "0" * 32, "user_id": "x", **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, KEY, algorithm="HS256")


def part(token: str, number: int) -> bytes:
    text = token.split(".")[number]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_login_is_two_tokens_in_the_recorded_order_and_length(cast: Cast) -> None:
    answer = post("jwt-create", {"email": f" {cast.owner.user.email.upper()} ", "password": PASSWORD})
    assert (answer.status_code, len(answer.content)) == (200, 582)
    assert list(answer.json()) == ["refresh", "access"]
    for kind, seconds in (("refresh", 7 * 86400), ("access", 3600)):
        token = answer.json()[kind]
        assert part(token, 0) in (b'{"alg":"HS256","typ":"JWT"}', b'{"typ":"JWT","alg":"HS256"}')
        claims = json.loads(part(token, 1))
        assert list(claims) == ["token_type", "exp", "iat", "jti", "user_id"]
        assert (claims["token_type"], claims["user_id"]) == (kind, str(cast.owner.user.id))
        assert claims["exp"] - claims["iat"] == seconds
        assert len(claims["jti"]) == 32
        assert set(claims["jti"]) <= set("0123456789abcdef")


def test_a_token_opens_what_the_users_key_opens(client: Client, cast: Cast) -> None:
    access = tokens(cast, "analyst")["access"]
    by_key = client.get("/api/v2/user/", headers=cast.analyst.headers)
    assert (asked(access).status_code, asked(access).content) == (200, by_key.content)
    order = client.post(
        "/api/v2/sample-kit/",
        cast.order(),
        content_type="application/json",
        headers={"Authorization": f"bearer {access}"},
    )
    assert order.status_code == 201
    entry = AuditEntry.objects.get(action="sample-kit.post")
    assert (entry.user_id, entry.api_key_id) == (cast.analyst.user.id, None)
    assert asked(tokens(cast, "viewer")["access"], "organization-users").status_code == 403


@pytest.mark.parametrize(
    "token",
    [
        "", "nonsense", "a.b.c", signed(user_id=None), signed(jti=None), signed(exp=None), signed(token_type=None),
        signed(token_type="refresh"), signed(exp=1), signed(),
        jwt.encode({"token_type": "access", "exp": 2**33, "jti": "0" * 32, "user_id": "x"}, "", algorithm="none"),
    ],
)  # fmt: skip
def test_a_token_that_is_none_of_ours_hears_the_recorded_words(cast: Cast, token: str) -> None:
    answer = asked(token)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert answer.content == DEAD
    assert len(answer.content) == 183


def test_a_token_signed_with_the_installations_secret_itself_is_none(cast: Cast) -> None:
    jti = OutstandingToken.objects.get(user=log_in_row(cast)).jti
    claims = {"token_type": "access", "exp": 2**33, "jti": jti, "user_id": str(cast.owner.user.id)}
    assert asked(jwt.encode(claims, KEY, algorithm="HS256")).status_code == 200
    assert asked(jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")).status_code == 401
    another = {**claims, "user_id": str(cast.analyst.user.id)}
    assert asked(jwt.encode(another, KEY, algorithm="HS256")).status_code == 401


def log_in_row(cast: Cast) -> User:
    log_in(cast.owner.user)
    return cast.owner.user


def test_a_refresh_token_opens_nothing_itself_and_an_access_token_refreshes_nothing(cast: Cast) -> None:
    both = tokens(cast)
    assert asked(both["refresh"]).status_code == 401
    answer = post("jwt-refresh", {"refresh": both["access"]})
    assert (answer.status_code, answer.json()) == (401, OVER)
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert post("jwt-logout", {"refresh": both["access"]}).status_code == 401
    assert asked(both["access"]).status_code == 200


def test_refresh_gives_access_alone_again_and_again(cast: Cast) -> None:
    both = tokens(cast)
    for _ in range(2):
        answer = post("jwt-refresh", {"refresh": both["refresh"]})
        assert (answer.status_code, list(answer.json())) == (200, ["access"])
        assert asked(answer.json()["access"]).status_code == 200


def test_verify_answers_an_empty_object_for_either_kind(cast: Cast) -> None:
    both = tokens(cast)
    for token in both.values():
        answer = post("jwt-verify", {"token": token})
        assert (answer.status_code, answer.content) == (200, b"{}")
    answer = post("jwt-verify", {"token": both["access"][:-2]})
    assert (answer.status_code, answer.json()) == (401, OVER)


def test_logging_out_ends_this_login_with_its_access_tokens_and_no_other(cast: Cast) -> None:
    here, there = tokens(cast), tokens(cast)
    later = post("jwt-refresh", {"refresh": here["refresh"]}).json()["access"]
    answer = post("jwt-logout", {"refresh": here["refresh"]})
    assert (answer.status_code, answer.json()) == (200, {"refresh": here["refresh"]})
    assert [asked(token).status_code for token in (here["access"], later, there["access"])] == [401, 401, 200]
    assert post("jwt-refresh", {"refresh": here["refresh"]}).json() == OVER
    assert post("jwt-verify", {"token": here["refresh"]}).json() == OVER
    assert post("jwt-logout", {"refresh": here["refresh"]}).status_code == 401
    assert BlacklistedToken.objects.count() == 1
    (entry,) = AuditEntry.objects.filter(action="jwt-logout.post")
    assert (entry.user_id, entry.organization_id) == (cast.owner.user.id, cast.organization.id)


def test_all_logins_of_a_user_end_together_and_nobody_elses(cast: Cast) -> None:
    here, there, other = tokens(cast), tokens(cast), tokens(cast, "viewer")
    end_logins(cast.owner.user)
    end_logins(cast.owner.user)
    assert [asked(each["access"]).status_code for each in (here, there, other)] == [401, 401, 200]


def test_who_is_deactivated_is_refused_at_once(cast: Cast) -> None:
    both = tokens(cast, "viewer")
    User.objects.filter(pk=cast.viewer.user.pk).update(is_active=False)
    assert asked(both["access"]).status_code == 401
    assert post("jwt-refresh", {"refresh": both["refresh"]}).json() == OVER
    answer = post("jwt-create", {"email": cast.viewer.user.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (401, NO_ACCOUNT)


def test_who_comes_back_logs_in_anew(cast: Cast) -> None:
    mine = tokens(cast, "viewer")
    change_user(cast.viewer.user, is_active=False)
    change_user(cast.viewer.user, is_active=True)
    assert asked(mine["access"]).status_code == 401
    assert asked(tokens(cast, "viewer")["access"]).status_code == 200


def test_wrong_password_and_unknown_email_hear_the_same(cast: Cast) -> None:
    for body in (
        {"email": cast.owner.user.email, "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "no e-mail at all", "password": PASSWORD},
    ):
        answer = post("jwt-create", body)
        assert (answer.status_code, answer.json()) == (401, NO_ACCOUNT)
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert not OutstandingToken.objects.exists()
    assert not AuditEntry.objects.filter(action="jwt-create.post").exists()


def test_a_login_is_in_the_audit_log(cast: Cast) -> None:
    tokens(cast)
    entry = AuditEntry.objects.get(action="jwt-create.post")
    assert (entry.user_id, entry.organization_id) == (cast.owner.user.id, cast.organization.id)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("jwt-create", {}, {"email": ["This field is required."], "password": ["This field is required."]}),
        ("jwt-create", {"email": "", "password": None},
         {"email": ["This field may not be blank."], "password": ["This field may not be null."]}),
        ("jwt-refresh", {"refresh": None}, {"refresh": ["This field may not be null."]}),
        ("jwt-verify", {}, {"token": ["This field is required."]}),
        ("jwt-logout", {}, {"refresh": ["This field is required."]}),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(db: None, path: str, body: Any, said: Any) -> None:
    answer = post(path, body)
    assert (answer.status_code, answer.json()) == (400, said)


def test_the_sixth_guess_is_refused_even_when_right_and_the_page_counts_along(cast: Cast) -> None:
    email = cast.owner.user.email
    for _ in range(4):
        assert post("jwt-create", {"email": email, "password": "wrong"}).status_code == 401
    assert Client().post("/login", {"username": email, "password": "wrong"}).status_code == 200
    refused = post("jwt-create", {"email": email, "password": PASSWORD})
    assert refused.status_code == 429
    assert 890 < int(refused["Retry-After"]) <= 900
    assert list(refused.json()) == ["detail"]
    assert post("jwt-create", {"email": email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.9").status_code == 200
    Attempts.objects.update(since=datetime.now(UTC) - timedelta(minutes=15))
    tokens(cast)
    assert count_attempt(SIGNING_IN, email=email, address="127.0.0.1") is None


def test_credentials_that_a_login_is_sent_with_are_not_looked_at(cast: Cast) -> None:
    body = {"email": cast.owner.user.email, "password": PASSWORD}
    for dead in ("Bearer nonsense", "Api-Key nonsense"):
        answer = Client().post("/api/v2/jwt-create/", body, headers={"Authorization": dead})  # a form does, too
        assert answer.status_code == 200


def test_the_database_keeps_no_token(cast: Cast) -> None:
    both = tokens(cast)
    kept = str(list(OutstandingToken.objects.values()))
    assert not any(token.split(".")[2] in kept for token in both.values())


def test_a_password_that_was_changed_while_somebody_logged_in_with_the_old_one_lets_nobody_in(cast: Cast) -> None:
    user = User.objects.get(pk=cast.owner.user.pk)  # as it was when the password was looked at
    cast.owner.user.set_password("another good long one")
    cast.owner.user.save()
    with pytest.raises(LoginOver):
        log_in(user)
    assert not OutstandingToken.objects.exists()


def test_rows_of_logins_are_removed_when_nothing_of_them_works_any_more(cast: Cast) -> None:
    tokens(cast)
    both = tokens(cast)
    now = datetime.now(UTC)
    old, young = OutstandingToken.objects.order_by("id")
    OutstandingToken.objects.filter(pk=old.pk).update(expires_at=now - timedelta(hours=1, minutes=1))
    OutstandingToken.objects.filter(pk=young.pk).update(expires_at=now - timedelta(minutes=59))
    forget_logins()
    assert list(OutstandingToken.objects.values_list("pk", flat=True)) == [young.pk]
    assert asked(both["access"]).status_code == 200

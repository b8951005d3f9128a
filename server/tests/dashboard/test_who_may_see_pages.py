"""Every address of the dashboard, tried by everybody. One that is added and not listed here fails the first test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cast import Cast, Person
from dashboard_rows import browser, deliver, everything, finish, order, subscribe, text
from django.urls import reverse
from django.urls.resolvers import URLPattern
from kitloop.accounts.invitations import invite
from kitloop.accounts.models import APIKey, Invitation
from kitloop.dashboard.urls import urlpatterns
from kitloop.events.audit import AuditEntry
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Sample
from kitloop.pipelines.register import capability_id
from kitloop.runs.models import File
from kitloop.webhooks.models import Delivery, Subscription


@dataclass(frozen=True)
class World:
    cast: Cast
    sample: Sample
    file: File
    subscription: Subscription
    delivery: Delivery
    key: APIKey
    invitation: Invitation


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(shared_cast: Cast) -> World:
    cast = shared_cast
    sample = order(cast)
    run = finish(sample)
    subscription = subscribe(cast)
    key = APIKey.objects.get(user=cast.owner.user)
    invitation = invite(cast.owner.user.caller(), email="new@example.com", role="viewer")
    return World(cast, sample, File.objects.get(run=run), subscription, deliver(subscription), key, invitation)


# Who hears what, in the order owner, analyst, viewer, member, stranger. Who is not logged in is always sent to log in.
PEOPLE = ("owner", "analyst", "viewer", "member", "stranger")
ALL_OWN = (200, 200, 200, 200, 200)
LISTS = (200, 200, 200, 403, 200)  # the stranger sees a list of their own
THINGS = (200, 200, 200, 403, 404)
SHIPPING = (200, 200, 403, 403, 404)
CHANGES = (200, 403, 403, 403, 404)
OWN_CHANGES = (200, 403, 403, 403, 200)
PEOPLE_LISTS = (200, 403, 403, 403, 200)
PEOPLE_THINGS = (200, 403, 403, 403, 404)
OWNERS_KEY = (200, 404, 404, 404, 404)
MOVED = {200: 302}  # where a success is a redirect

PROJECT: Callable[[World], dict[str, Any]] = lambda world: {"project_id": world.cast.project.id}  # noqa: E731
SAMPLE: Callable[[World], dict[str, Any]] = lambda world: {"sample_id": world.sample.id}  # noqa: E731
HOLD: Callable[[World], dict[str, Any]] = lambda world: {  # noqa: E731
    "sample_id": world.sample.id, "hold_id": open_hold(world.sample, reason_code="same_person_twice", owner="operator", note="").pk,
}  # fmt: skip
HOOK: Callable[[World], dict[str, Any]] = lambda world: {"subscription_id": world.subscription.id}  # noqa: E731
KEY: Callable[[World], dict[str, Any]] = lambda world: {"key_id": world.key.id}  # noqa: E731
PERSON: Callable[[World], dict[str, Any]] = lambda world: {"user_id": world.cast.member.user.id}  # noqa: E731
INVITATION: Callable[[World], dict[str, Any]] = lambda world: {"invitation_id": world.invitation.id}  # noqa: E731
NONE: Callable[[World], dict[str, Any]] = lambda world: {}  # noqa: E731


@dataclass(frozen=True)
class Case:
    ids: Callable[[World], dict[str, Any]]
    get: tuple[int, ...] | None = None
    post: tuple[int, ...] | None = None
    given: dict[str, Any] | None = None  # what is posted


def moved(answers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(MOVED.get(answer, answer) for answer in answers)


TARGET = {"target": "https://other.example/hooks", "event_types": ["analysis_complete_v2"]}
NEW_PROJECT = {"name": "New", "capability": str(capability_id("tests/1"))}
CASES: dict[str, Case] = {
    "front": Case(NONE, get=moved(ALL_OWN)),
    "account": Case(NONE, get=ALL_OWN),
    "password": Case(NONE, get=ALL_OWN),
    "name": Case(NONE, get=ALL_OWN, post=moved(ALL_OWN), given={"name": "Renamed"}),
    "email": Case(
        NONE,
        get=ALL_OWN,
        post=moved(ALL_OWN),
        given={"new_email": "other@example.com", "password": "a long enough password"},
    ),
    "second-factor": Case(NONE, get=ALL_OWN, post=moved(ALL_OWN), given={"password": "a long enough password"}),
    "second-factor-set-up": Case(NONE, get=moved(ALL_OWN), post=moved(ALL_OWN)),
    "second-factor-off": Case(NONE, get=ALL_OWN, post=moved(ALL_OWN), given={"password": "a long enough password"}),
    "backup-tokens": Case(NONE, get=ALL_OWN),
    "api-keys": Case(NONE, get=ALL_OWN),
    "api-key-new": Case(NONE, get=ALL_OWN, post=moved(ALL_OWN), given={"name": "new"}),
    "api-key-created": Case(KEY, get=OWNERS_KEY),
    "api-key-revoke": Case(KEY, get=OWNERS_KEY, post=moved(OWNERS_KEY)),
    "projects": Case(NONE, get=LISTS),
    "project": Case(PROJECT, get=THINGS),
    "project-new": Case(NONE, get=OWN_CHANGES, post=moved(OWN_CHANGES), given=NEW_PROJECT),
    "project-edit": Case(PROJECT, get=CHANGES, post=moved(CHANGES), given={"name": "Renamed"}),
    "project-hide": Case(PROJECT, post=moved(CHANGES)),
    "project-unhide": Case(PROJECT, post=moved(CHANGES)),
    "sample": Case(SAMPLE, get=THINGS),
    "hold-close": Case(HOLD, post=moved(CHANGES)),
    "recipient": Case(SAMPLE, get=SHIPPING),
    "download": Case(lambda world: {"file_id": world.file.id}, get=moved(THINGS)),
    "webhooks": Case(NONE, get=LISTS),
    "project-webhooks": Case(PROJECT, get=THINGS),
    "subscription-new": Case(PROJECT, get=CHANGES, post=moved(CHANGES), given=TARGET),
    "subscription": Case(HOOK, get=THINGS),
    "secret-new": Case(HOOK, get=CHANGES, post=moved(CHANGES)),
    "secret-created": Case(HOOK, get=CHANGES),
    "subscription-test": Case(HOOK, post=moved(CHANGES)),
    "subscription-enable": Case(HOOK, post=moved(CHANGES)),
    "subscription-delete": Case(HOOK, get=CHANGES, post=moved(CHANGES)),
    "people": Case(NONE, get=PEOPLE_LISTS),
    "person": Case(PERSON, get=PEOPLE_THINGS, post=moved(PEOPLE_THINGS), given={"role": "analyst"}),
    "person-deactivate": Case(PERSON, get=PEOPLE_THINGS, post=moved(PEOPLE_THINGS)),
    "person-second-factor-off": Case(PERSON, get=PEOPLE_THINGS, post=moved(PEOPLE_THINGS)),
    "person-activate": Case(PERSON, post=moved(PEOPLE_THINGS)),
    "invitations": Case(NONE, get=PEOPLE_LISTS),
    "invitation-new": Case(
        NONE, get=PEOPLE_LISTS, post=moved(PEOPLE_LISTS), given={"email": "other@example.com", "role": "viewer"}
    ),
    "invitation-revoke": Case(INVITATION, get=PEOPLE_THINGS, post=moved(PEOPLE_THINGS)),
    "audit": Case(NONE, get=PEOPLE_LISTS),
    "delivery": Case(lambda world: {"delivery_id": world.delivery.id}, get=THINGS),
}
# These show nobody's data and are for whoever is not logged in; their tests are in test_logging_in, test_two_steps,
# test_letter_links and test_people_pages.
OPEN = {
    "activate",
    "confirm-email",
    "join",
    "login",
    "logout",
    "password-reset",
    "password-reset-sent",
    "password-reset-complete",
    "password-reset-confirm",
    "register",
    "registered",
    "second-step",
}


def test_every_address_is_tried_here() -> None:
    assert all(isinstance(each, URLPattern) for each in urlpatterns), "An include: its addresses need cases too."
    assert {each.name for each in urlpatterns} == set(CASES) | OPEN


def tried(world: World, name: str, who: Person | None, method: str) -> Any:
    case = CASES[name]
    url = reverse(f"dashboard:{name}", kwargs=case.ids(world))
    client = browser(who)
    return client.get(url) if method == "get" else client.post(url, case.given or {})


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.get])
def test_reading_is_for_whom_it_is_for_and_changes_nothing(world: World, name: str) -> None:
    before = everything()
    expected = CASES[name].get
    assert expected is not None
    assert tuple(tried(world, name, getattr(world.cast, who), "get").status_code for who in PEOPLE) == expected
    anonymous = tried(world, name, None, "get")
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/login?next=/")
    assert everything() == before


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.post])
def test_refused_changes_change_nothing(world: World, name: str) -> None:
    expected = CASES[name].post
    assert expected is not None
    before = everything()
    anonymous = tried(world, name, None, "post")
    assert (anonymous.status_code, anonymous["Location"]) == (302, "/login?next=/")
    assert everything() == before
    # Those who may come last: deleting leaves nothing for the others to be refused.
    for who, answer in sorted(zip(PEOPLE, expected, strict=True), key=lambda each: each[1] == 302):
        assert tried(world, name, getattr(world.cast, who), "post").status_code == answer, who
        if answer != 302:
            assert everything() == before, who


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.get and not case.post])
def test_what_only_reads_takes_no_post(world: World, name: str) -> None:
    if name != "password":  # changes the password, which test_logging_in tries
        assert tried(world, name, world.cast.owner, "post").status_code == 405


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.post and not case.get])
def test_what_only_changes_takes_no_get(world: World, name: str) -> None:
    assert tried(world, name, world.cast.owner, "get").status_code == 405


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.post])
def test_every_change_needs_the_forms_token(world: World, name: str) -> None:
    before = everything()
    client = browser(world.cast.owner, enforce_csrf_checks=True)
    case = CASES[name]
    answer = client.post(reverse(f"dashboard:{name}", kwargs=case.ids(world)), case.given or {})
    assert answer.status_code == 403
    assert "Please try again" in text(answer)
    assert everything() == before


def test_the_strangers_lists_hold_nothing_of_ours(world: World) -> None:
    for path in ("/projects", "/webhooks", "/account", "/account/api-keys"):
        page = browser(world.cast.stranger).get(path).content.decode()
        assert "Acme Health" not in page
        assert str(world.cast.project.id) not in page
        assert str(world.subscription.id) not in page


def test_another_organizations_sample_is_a_404_page_that_tells_nothing(world: World) -> None:
    foreign = browser(world.cast.stranger).get(f"/samples/{world.sample.id}")
    absent = browser(world.cast.stranger).get("/samples/00000000-0000-4000-8000-000000000000")
    assert foreign.status_code == absent.status_code == 404
    assert text(foreign) == text(absent)


def test_a_refusal_says_which_role_may(world: World) -> None:
    page = text(browser(world.cast.member).get("/projects"))
    assert "You are a member of Acme Health" in page
    assert "viewer , analyst , explorer , manager , owner ." in page
    page = text(browser(world.cast.analyst).get(f"/webhooks/{world.subscription.id}/delete"))
    assert "These roles may: manager , owner ." in page


def test_the_recipient_is_on_no_page_but_its_own_and_each_opening_is_on_record(world: World) -> None:
    client = browser(world.cast.owner)
    for path in (f"/samples/{world.sample.id}", f"/projects/{world.cast.project.id}", "/projects"):
        assert "Jane" not in client.get(path).content.decode()
    page = text(client.get(f"/samples/{world.sample.id}/recipient"))
    assert "Jane Doe" in page
    assert "+14155551234" in page
    kit = world.sample.kits.get()
    entry = AuditEntry.objects.get(action="recipient.get")
    assert (entry.user_id, set(entry.subjects)) == (world.cast.owner.user.id, {world.sample.id, kit.id})
    assert "Show the recipient" in text(client.get(f"/samples/{world.sample.id}"))
    assert "Recipient" not in text(browser(world.cast.viewer).get(f"/samples/{world.sample.id}"))

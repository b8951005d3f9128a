"""The audit log: who read which sample, and who changed what; and how owners read it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cases import Case
from cast import Cast, Person
from django.test import Client
from kitloop.base import objects
from kitloop.events.audit import AuditEntry, audit, forget_entries
from kitloop.kits.models import Sample
from kitloop.projects.models import Project
from kitloop.runs.models import File
from test_tenancy import CASES, SUBJECTS

AUDIT = "/api/kitloop/v1/audit/"
# Each names the sample: by itself, or as one of the project's.
READS = [case for case in CASES if case.method == "get" and ("{sample}" in case.path or "{file}" in case.path)]
READS += [case for case in CASES if (case.route, case.method) == ("project-samples", "get")]


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def cast(shared_cast: Cast) -> Cast:
    return shared_cast


@pytest.fixture(scope="module")
def ids(cast: Cast) -> dict[str, str]:
    made = {name: id for subject in SUBJECTS for name, id in subject.ids(cast).items()}
    AuditEntry.objects.all().delete()  # of the making
    return made


def read(client: Client, case: Case, ids: dict[str, str], person: Person | None, **extra: str) -> Any:
    path = case.path.format(**ids)
    path = path if path.startswith("/") else f"/api/v2/{path}"
    return client.get(path, headers={**(person.headers if person else {}), **extra})


def test_there_are_reads_of_samples_to_try() -> None:
    assert {case.route for case in READS} >= {
        "samples",
        "project-samples",
        "sample-metadata",
        "files-sha256",
        "journey",
    }


@pytest.mark.parametrize("case", READS, ids=lambda case: case.route)
def test_a_read_of_a_sample_leaves_one_entry_that_names_it(
    client: Client, cast: Cast, ids: dict[str, str], case: Case
) -> None:
    before = AuditEntry.objects.count()
    person = next(each for each in ("viewer", "owner") if case.expected[each] == 200)
    answer = read(client, case, ids, getattr(cast, person), **{"X-Request-Id": "request-1"})
    assert answer.status_code == 200
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.latest("position")
    assert UUID(ids["sample"]) in entry.subjects
    reader = getattr(cast, person).user
    assert (entry.action, entry.user_id, entry.organization_id) == (
        f"{case.route}.get",
        reader.id,
        cast.organization.id,
    )
    assert entry.api_key_id == reader.api_keys.get().id
    assert entry.request_id == "request-1"


@pytest.mark.parametrize("who", ["member", "stranger", None])
@pytest.mark.parametrize("case", READS, ids=lambda case: case.route)
def test_a_refused_read_leaves_none(
    client: Client, cast: Cast, ids: dict[str, str], case: Case, who: str | None
) -> None:
    before = AuditEntry.objects.count()
    answer = read(client, case, ids, getattr(cast, who) if who else None)
    assert answer.status_code in {401, 403, 404}
    assert AuditEntry.objects.count() == before


def rename(client: Client, cast: Cast, name: str = "Renamed") -> Any:
    return client.patch(
        f"/api/v2/projects/{cast.project.id}",
        {"name": name},
        content_type="application/json",
        headers=cast.owner.headers,
    )


def test_a_change_and_its_entry_are_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    assert rename(client, cast).status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subjects) == ("project-details.patch", [cast.project.id])

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no room for an entry")

    monkeypatch.setattr("kitloop.api.operation.audit", broken)
    assert rename(client, cast, "Again").status_code == 500
    assert Project.objects.get(pk=cast.project.id).name == "Renamed"
    assert AuditEntry.objects.count() == 1


def test_a_change_on_a_page_and_its_entry_are_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.owner.user)
    assert client.post(f"/projects/{cast.project.id}/hide").status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subjects, entry.user_id, entry.api_key_id) == (
        "projects-hide.post", [cast.project.id], cast.owner.user.id, None,
    )  # fmt: skip

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no room for an entry")

    monkeypatch.setattr("kitloop.dashboard.entry.audit", broken)
    assert client.post(f"/projects/{cast.project.id}/unhide").status_code == 500
    assert Project.objects.get(pk=cast.project.id).hidden


def test_a_form_that_is_shown_again_has_changed_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner.user)
    assert client.post(f"/projects/{cast.project.id}/edit", {"name": ""}).status_code == 200
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("path", "action", "named"),
    [
        ("/samples/{sample}", "samples.get", ["sample"]),
        ("/samples/{sample}/recipient", "recipient.get", ["sample"]),
        ("/projects/{project}", "project-samples.get", ["project", "sample"]),
        ("/files/{file}", "files.get", ["sample", "file"]),
    ],
)
def test_pages_that_show_samples_leave_one_entry(
    client: Client, cast: Cast, ids: dict[str, str], path: str, action: str, named: list[str]
) -> None:
    AuditEntry.objects.all().delete()
    client.force_login(cast.analyst.user)
    assert client.get(path.format(**ids)).status_code in {200, 302}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user_id, entry.organization_id) == (action, cast.analyst.user.id, cast.organization.id)
    assert {UUID(ids[name]) for name in named} <= set(entry.subjects)
    for person in (cast.member, cast.stranger):
        client.force_login(person.user)
        assert client.get(path.format(**ids)).status_code in {403, 404}
    assert AuditEntry.objects.count() == 1


def test_a_download_by_its_link_names_the_sample_and_no_user(client: Client, ids: dict[str, str], cast: Cast) -> None:
    file = File.objects.get(pk=ids["file"])
    path = objects.path_of(file.object_key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"{}")
    AuditEntry.objects.all().delete()
    url = objects.signed_url(file.object_key, filename="qc.json").partition("/objects/")
    answer = client.get(f"/objects/{url[2]}", headers={"Range": "bytes=0-1"})
    assert b"".join(answer.streaming_content) == b"{}"  # type: ignore[attr-defined]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user_id, entry.api_key_id) == ("objects.get", None, None)
    assert (entry.organization_id, entry.subjects) == (cast.organization.id, [file.sample_id, file.id])
    head = client.head(f"/objects/{url[2]}")
    for close in head._resource_closers:  # type: ignore[attr-defined] # its own `close` takes the test's connection along
        close()
    assert head.status_code == 200
    assert client.get(f"/objects/{file.object_key}?signature=x").status_code == 403
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("key", ["samples/{sample}/{run}/x.vcf.gz", "uploads/{kit}/1.fastq.gz", "a/qc.json"])
def test_the_file_of_an_object_is_found_by_its_key(cast: Cast, ids: dict[str, str], key: str) -> None:
    file = File.objects.get(pk=ids["file"])
    key = key.format(sample=file.sample_id, run=file.run_id, kit=file.run.kit_id)
    File.objects.filter(pk=file.pk).update(object_key=key)
    assert File.objects.stored_as(key).get() == file
    assert not File.objects.stored_as(f"{key}x").exists()


# Reading it ----------------------------------------------------------------------------------------------------------


def listed(client: Client, person: Person, **query: str) -> list[dict[str, Any]]:
    answer = client.get(AUDIT, query, headers=person.headers)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_an_owner_reads_who_did_what(client: Client, cast: Cast, ids: dict[str, str]) -> None:
    AuditEntry.objects.all().delete()
    client.get(f"/api/v2/samples/{ids['sample']}", headers={**cast.viewer.headers, "X-Request-Id": "request-1"})
    rename(client, cast)
    newest, oldest = listed(client, cast.owner)
    assert list(newest) == ["id", "at", "action", "user", "api_key", "subjects", "request_id"]
    assert (newest["action"], newest["subjects"]) == ("project-details.patch", [str(cast.project.id)])
    assert oldest == {
        "id": newest["id"] - 1,
        "at": oldest["at"],
        "action": "samples.get",
        "user": str(cast.viewer.user.id),
        "api_key": str(cast.viewer.user.api_keys.get().id),
        "subjects": [ids["sample"]],
        "request_id": "request-1",
    }
    assert listed(client, cast.stranger) == []
    assert listed(client, cast.owner, sample_id=ids["sample"]) == [oldest]
    assert listed(client, cast.owner, user_id=str(cast.owner.user.id)) == [newest]
    assert listed(client, cast.owner, user_id=str(cast.viewer.user.id), sample_id=str(cast.project.id)) == []
    assert len(AuditEntry.objects.all()) == 2  # reading the log is no reading of samples


def test_the_log_is_read_between_two_moments(client: Client, cast: Cast) -> None:
    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for number in range(4):
        audit(f"day-{number}", organization_id=cast.organization.id, user_id=None)
    for number, entry in enumerate(AuditEntry.objects.order_by("position")):
        AuditEntry.objects.filter(pk=entry.pk).update(at=day + timedelta(days=number))
    found = listed(client, cast.owner, after="2026-03-02T12:00:00Z", before="2026-03-04T12:00:00Z")
    assert [entry["action"] for entry in found] == ["day-2", "day-1"]
    assert found[0]["at"] == "2026-03-03T12:00:00Z"


def test_the_log_is_paged_by_what_came_last(client: Client, cast: Cast) -> None:
    for number in range(5):
        audit(f"number-{number}", organization_id=cast.organization.id, user_id=cast.owner.user.id)
    url, seen = f"{AUDIT}?limit=2&user_id={cast.owner.user.id}", []
    while url:
        answer = client.get(url, headers=cast.owner.headers).json()
        seen += [entry["action"] for entry in answer["results"]]
        audit("while reading", organization_id=cast.organization.id, user_id=None)
        url = answer["meta"]["next"]
        assert url is None or url.startswith("http://testserver/api/kitloop/v1/audit/?before_id=")
    assert seen == ["number-4", "number-3", "number-2", "number-1", "number-0"]
    assert len(listed(client, cast.owner, limit="100000")) == 8


@pytest.mark.parametrize("name", ["sample_id", "user_id", "after", "before", "before_id", "limit"])
def test_a_filter_that_means_nothing_is_named(client: Client, cast: Cast, name: str) -> None:
    answer = client.get(AUDIT, {name: "nonsense"}, headers=cast.owner.headers)
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_the_page_tells_it_in_words(client: Client, cast: Cast, ids: dict[str, str]) -> None:
    client.get(f"/api/v2/samples/{ids['sample']}", headers=cast.viewer.headers)
    audit("objects.get", organization_id=cast.organization.id, user_id=None, subjects=[UUID(ids["sample"])])
    audit("project-hide-samples.post", organization_id=cast.organization.id, user_id=cast.owner.user.id)
    client.force_login(cast.owner.user)
    page = client.get("/audit").content.decode()
    assert "looked at a sample" in page
    assert cast.viewer.user.email in page
    assert "with an API key" in page
    assert "downloaded a file by its link" in page
    assert "whoever held a link" in page
    assert "hid project samples" in page
    assert f'href="/samples/{ids["sample"]}"' in page
    about = client.get("/audit", {"search": ids["sample"]}).content.decode()
    assert "looked at a sample" in about
    assert "hid project samples" not in about
    assert "This is not an id." in client.get("/audit", {"search": "Jane"}).content.decode()
    client.force_login(cast.stranger.user)
    assert "Nothing is written here." in client.get("/audit").content.decode()


def test_the_page_goes_back_in_time(client: Client, cast: Cast) -> None:
    for number in range(51):
        audit(f"step-{number}.get", organization_id=cast.organization.id, user_id=cast.owner.user.id)
    client.force_login(cast.owner.user)
    page = client.get("/audit").content.decode()
    assert "step 50" in page
    assert "read step 0<" not in page
    older = page.partition('<a href="?before=')[2].partition('"')[0]
    page = client.get("/audit", {"before": older}).content.decode()
    assert "read step 0<" in page
    assert "step 1<" not in page
    assert "← Newest" in page


def test_what_is_older_than_the_operator_keeps_is_forgotten(cast: Cast, ids: dict[str, str]) -> None:
    for days in (1, 29, 31, 400):
        audit(f"{days}", organization_id=None, user_id=None)
        AuditEntry.objects.filter(action=f"{days}").update(at=datetime.now(UTC) - timedelta(days=days))
    forget_entries(older_than=timedelta(days=30))
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"1", "29"}
    assert Sample.objects.filter(id=ids["sample"]).exists()  # the entries go, not what they are about

"""Changing samples: metadata, hide, show, delete; counts and listings follow (contract §5.7, §6)."""

import threading
from typing import Any
from uuid import uuid4

import imputed
import pytest
from api.sending import sent
from cast import Cast, make_cast, make_lab
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from kitloop.base import objects
from kitloop.events.models import Event
from kitloop.kits.changes import hide_samples, lock_samples
from kitloop.kits.counts import Counted, count_in_projects
from kitloop.kits.models import Kit, Sample
from kitloop.kits.orders import place_order
from kitloop.projects.models import Project
from kitloop.runs.models import File
from kitloop.webhooks.owing import fan_out
from kitloop.webhooks.subscriptions import create_subscription

from lab import RECIPIENT, ordered_kit


def order(cast: Cast, *, project: Project | None = None, **more: Any) -> str:
    caller, chosen = cast.owner.user.caller(), project or cast.project
    return str(place_order(caller, project_id=chosen.id, recipient=RECIPIENT, **more))


def finished(cast: Cast) -> str:
    sample = order(cast)
    Kit.objects.filter(sample_id=sample).update(state="sequenced")
    Sample.objects.filter(pk=sample).update(status="succeeded")
    return sample


def listed(client: Client, cast: Cast, query: str = "") -> list[str]:
    rows = sent(client, cast, "GET", f"project-samples/{cast.project.id}{query}").json()["results"]
    return sorted(row["id"] for row in rows)


def counted(cast: Cast) -> Counted:
    return count_in_projects([cast.project.id])[cast.project.id]


# Metadata ----------------------------------------------------------------------------------------------------------


def test_metadata_is_replaced_as_a_whole_and_found_by_its_new_words(client: Client, cast: Cast) -> None:
    sample = order(cast, metadata={"customer_id": "cust_1", "note": "old"})
    before = Sample.objects.get(pk=sample)
    answer = sent(client, cast, "POST", f"sample-metadata/{sample}", {"metadata": {"customer_id": "cust_2"}}, "analyst")
    assert (answer.status_code, answer.content) == (201, b'{"metadata":{"customer_id":"cust_2"}}')
    assert sent(client, cast, "GET", f"sample-metadata/{sample}").content == answer.content
    assert listed(client, cast, "?search=cust_2") == [sample]
    assert listed(client, cast, "?search=old") == []
    after = Sample.objects.get(pk=sample)
    assert (after.modified, after.status_id) == (before.modified, before.status_id)


@pytest.mark.parametrize("value", [None, "text", 1, 1.5, True, [], {}, ["ü", {"a": [None]}], 10**300, {"": ""}])
def test_metadata_may_be_any_json(client: Client, cast: Cast, value: Any) -> None:
    sample = order(cast, metadata={"a": 1})
    answer = sent(client, cast, "POST", f"sample-metadata/{sample}", {"metadata": value})
    assert (answer.status_code, answer.json()) == (201, {"metadata": value})
    assert sent(client, cast, "GET", f"sample-metadata/{sample}").json() == {"metadata": value}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", {"metadata": ["This field is required."]}),
        (b'{"metadata": "\\u0000"}', {"metadata": ["Text must not contain null characters or unpaired surrogates."]}),
        (b'{"metadata": {"a": [1e400]}}', {"metadata": ["Value must be valid JSON."]}),
        (b"[]", {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_metadata_that_cannot_be_kept_is_refused_and_the_old_stays(
    client: Client, cast: Cast, body: bytes, said: dict[str, list[str]]
) -> None:
    sample = order(cast, metadata={"a": 1})
    path = f"/api/v2/sample-metadata/{sample}"
    answer = client.post(path, body, content_type="application/json", headers=cast.owner.headers)
    assert (answer.status_code, answer.json()) == (400, said)
    assert Sample.objects.get(pk=sample).metadata == {"a": 1}


def test_metadata_may_come_as_a_form(client: Client, cast: Cast) -> None:
    sample = order(cast)
    path = f"/api/v2/sample-metadata/{sample}"
    answer = client.post(path, {"metadata": '{"a": [1]}'}, headers=cast.owner.headers)  # multipart
    assert (answer.status_code, answer.json()) == (201, {"metadata": {"a": [1]}})


# Hiding ------------------------------------------------------------------------------------------------------------


def test_samples_are_hidden_from_listings_and_shown_again(client: Client, cast: Cast) -> None:
    first, second, third = sorted(order(cast) for _ in range(3))
    body = {"sample_ids": [first, second, first]}
    answer = sent(client, cast, "POST", f"project-hide-samples/{cast.project.id}", body)
    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", "POST")
    assert listed(client, cast) == [third]
    assert listed(client, cast, "?hidden_status=hidden") == [first, second]
    assert counted(cast) == Counted(all=3, hidden=2)
    assert sent(client, cast, "GET", f"samples/{first}").json()["hidden"] is True
    for _ in range(2):  # again, it changes nothing
        answer = sent(client, cast, "POST", f"project-unhide-samples/{cast.project.id}", {"sample_ids": [first]})
        assert answer.status_code == 204
    assert listed(client, cast) == sorted([first, third])
    assert counted(cast) == Counted(all=3, hidden=1)


@pytest.mark.parametrize(
    ("operation", "method"),
    [("hide", "POST"), ("unhide", "POST"), ("delete", "DELETE"), ("cancel", "POST")],
)
def test_ids_that_cannot_be_are_refused_as_recorded_and_nothing_changes(
    client: Client, cast: Cast, operation: str, method: str
) -> None:
    other = Project.objects.create(organization=cast.organization, name="Other", capability=cast.capability)
    mine, elsewhere, nowhere = finished(cast), order(cast, project=other), str(uuid4())
    before = list(Sample.objects.order_by("pk").values())
    path = f"project-{operation}-samples/{cast.project.id}"
    for strange in (elsewhere, nowhere):
        expected = {
            "cancel": f"Invalid sample IDs: {strange}",
        }.get(operation, "All sample ids must be part of the current project.")
        answer = sent(client, cast, method, path, {"sample_ids": [mine, strange]})
        assert (answer.status_code, answer.json()) == (400, {"sample_ids": [expected]})
    for body, said in (
        ({"sample_ids": []}, {"sample_ids": ["This list may not be empty."]}),
        ({}, {"sample_ids": ["This field is required."]}),
        ({"sample_ids": "x"}, {"sample_ids": ['Expected a list of items but got type "str".']}),
        ({"sample_ids": ["x"]}, {"sample_ids": {"0": ["Must be a valid UUID."]}}),
    ):
        answer = sent(client, cast, method, path, body)
        assert (answer.status_code, answer.json()) == (400, said)
    assert list(Sample.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
def test_two_requests_about_the_same_samples_wait_for_each_other() -> None:
    cast = make_cast()
    ids = [order(cast) for _ in range(5)]
    done: list[bool] = []

    def hide(chosen: list[str]) -> None:
        hide_samples(cast.project, chosen, hidden=True)  # type: ignore[arg-type]
        done.append(True)
        connection.close()

    threads = [threading.Thread(target=hide, args=(chosen,)) for chosen in (ids, ids[::-1]) for _ in range(4)]
    with transaction.atomic():
        lock_samples(cast.project, ids)  # type: ignore[arg-type]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 8
    assert counted(cast) == Counted(all=5, hidden=5)


# Deleting ----------------------------------------------------------------------------------------------------------


def test_a_deleted_sample_is_gone_for_everybody_and_its_row_stays(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    imputed.imputed(kit)
    gone, stays = str(kit.sample_id), finished(cast)
    file = File.objects.get(file_type="impute-vcf")
    answer = sent(client, cast, "DELETE", f"project-delete-samples/{cast.project.id}", {"sample_ids": [gone]})
    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", "DELETE")
    for path in (
        f"samples/{gone}", f"sample-metadata/{gone}", f"sample-statuses/{gone}", f"sample-stats/{gone}",
        f"sample-genomic-variants/{gone}?rsid=rs101", f"sample-quality-controls/{gone}", f"files/{file.id}.sha256",
    ):  # fmt: skip
        assert sent(client, cast, "GET", path).content == b'{"detail":"Not found."}', path
    assert listed(client, cast, "?hidden_status=all") == [stays]
    assert counted(cast) == Counted(all=1)
    assert sent(client, cast, "GET", f"project-stats/{cast.project.id}").json()["counts"]["total_samples"] == 1
    assert Sample.objects.get(pk=gone).status == "succeeded"
    assert Event.objects.filter(type="sample.deleted").values_list("sample_id", flat=True).get() == kit.sample_id
    again = sent(client, cast, "DELETE", f"project-delete-samples/{cast.project.id}", {"sample_ids": [gone]})
    assert again.json() == {"sample_ids": ["All sample ids must be part of the current project."]}


def test_a_link_to_a_file_ends_with_its_sample(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    imputed.imputed(kit)
    moved = f"samples/{kit.sample_id}/x.vcf.gz"
    target = objects.path_of(moved)
    target.parent.mkdir(parents=True)
    target.write_bytes(objects.path_of(imputed.KEY).read_bytes())
    File.objects.filter(file_type="impute-vcf").update(object_key=moved)
    link = objects.signed_url(moved, filename="x.vcf.gz").split(":8000", 1)[1]
    answer = client.get(link)
    assert (answer.status_code, len(b"".join(answer.streaming_content))) == (200, target.stat().st_size)
    sent(client, cast, "DELETE", f"project-delete-samples/{cast.project.id}", {"sample_ids": [str(kit.sample_id)]})
    answer = client.get(link)
    assert (answer.status_code, answer.content) == (404, b'{"detail":"Not found."}')


def test_a_sample_that_somebody_waits_for_is_not_deleted(client: Client, cast: Cast) -> None:
    done, waiting, trial = finished(cast), order(cast), order(cast, test_mode=True)
    path = f"project-delete-samples/{cast.project.id}"
    answer = sent(client, cast, "DELETE", path, {"sample_ids": [done, waiting]})
    assert (answer.status_code, answer.json()) == (
        400, {"sample_ids": [f"Samples are under way: {waiting}. Cancel them or wait for their end."]},
    )  # fmt: skip
    assert counted(cast) == Counted(all=3)
    assert sent(client, cast, "DELETE", path, {"sample_ids": [trial, done]}).status_code == 204
    assert counted(cast) == Counted(all=1)


def test_an_organization_may_keep_its_samples(client: Client, cast: Cast) -> None:
    sample = finished(cast)
    cast.organization.delete_samples_enabled = False
    cast.organization.save()
    answer = sent(client, cast, "DELETE", f"project-delete-samples/{cast.project.id}", {"sample_ids": [sample]})
    assert (answer.status_code, answer.json()["code"]) == (403, "deleting_off")
    assert Sample.objects.get(pk=sample).deleted is None


def test_a_deleted_sample_owes_no_webhooks(client: Client, cast: Cast) -> None:
    sample = finished(cast)
    create_subscription(
        cast.project, target="https://receiver.example/hook", event_types=["analysis_complete_v2"],
        created_by=cast.owner.user.caller(),
    )  # fmt: skip
    event = Event.objects.create(
        organization_id=cast.organization.id, project_id=cast.project.id, sample_id=sample, type="sample.succeeded",
        occurred=timezone.now(),
    )  # fmt: skip
    sent(client, cast, "DELETE", f"project-delete-samples/{cast.project.id}", {"sample_ids": [sample]})
    assert fan_out(event.id) == 0


# Sizes -------------------------------------------------------------------------------------------------------------


def test_the_size_of_a_sample_is_that_of_the_files_that_it_shows(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    assert sent(client, cast, "GET", f"sample-stats/{kit.sample_id}").content == b'{"total_size":0}'
    imputed.imputed(kit)
    shown = sent(client, cast, "GET", f"samples/{kit.sample_id}").json()["files"]
    total = sum(file["size"] for file in shown)
    assert total > 500
    assert sent(client, cast, "GET", f"sample-stats/{kit.sample_id}").json() == {"total_size": total}

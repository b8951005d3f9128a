"""A kit is ordered, as the guide writes it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.events.models import Event
from kitloop.kits.addresses import _checked_address
from kitloop.kits.models import Kit, Sample
from kitloop.kits.models import Recipient as Recipient_
from kitloop_sdk.labs import Recipient
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

URL = "/api/v2/sample-kit/"


def post(client: Client, person: Any, body: Any, **headers: str) -> Any:
    return client.post(
        URL, body, content_type="application/json", headers={**(person.headers if person else {}), **headers}
    )


def test_the_guides_order_answers_201_with_the_sample_id_alone(client: Client, cast: Cast) -> None:
    answer = post(client, cast.analyst, cast.order())
    assert answer.status_code == 201
    assert list(answer.json()) == ["sample_id"]
    sample = Sample.objects.get(pk=answer.json()["sample_id"])
    assert sample.status == "kit_requested"
    assert sample.metadata == {"customer_id": "cust_12345", "order_number": "ORD-2025-001"}
    kit = Kit.objects.get(sample=sample)
    job = ProcrastinateJob.objects.get(task_name="labs.submit")
    assert (job.args, job.status) == ({"kit_id": str(kit.id)}, "todo")
    assert job.queue_name == app.tasks["labs.submit"].queue
    assert (job.lock, job.queueing_lock, job.scheduled_at, job.attempts) == (None, None, None, 0)
    for row in (sample, kit, *sample.statuses.all(), *kit.moves.all(), *Event.objects.filter(sample_id=sample.id)):
        missing = [field.name for field in row._meta.fields if not getattr(row, field.attname)]
        row.full_clean(exclude=missing, validate_unique=False)
    assert [event.type for event in Event.objects.filter(sample_id=sample.id)] == ["sample.kit_requested"]
    assert sample.statuses.get().id == sample.status_id
    assert Recipient_.objects.get(kit=kit).fields()["phone"] == "+14155551234"


def test_the_sample_can_be_read_with_and_without_a_final_slash(client: Client, cast: Cast) -> None:
    sample_id = post(client, cast.analyst, cast.order()).json()["sample_id"]
    for path in (f"/api/v2/samples/{sample_id}", f"/api/v2/samples/{sample_id}/"):
        answer = client.get(path, headers=cast.analyst.headers)
        assert answer.status_code == 200
        assert answer.json()["last_status"]["status"] == "kit_requested"
        assert answer.json()["metadata"]["customer_id"] == "cust_12345"
        assert answer.json()["client_id"] == ""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient_address_postal_code": "XX"}, "recipient_address_postal_code"),
        ({"recipient_address_postal_code": "10001"}, "recipient_address_postal_code"),
        ({"recipient_address_state_region": "Bavaria"}, "recipient_address_state_region"),
        ({"recipient_phone": "12"}, "recipient_phone"),
        ({"recipient_email": "jane"}, "recipient_email"),
        ({"recipient_address_country_code": "XX"}, "recipient_address_country_code"),
        ({"recipient_address_line1": "x" * 51}, "recipient_address_line1"),
        ({"recipient_address_name": ""}, "recipient_address_name"),
        ({"metadata": {"a": "\x00"}}, "metadata"),
        ({"test_mode": "perhaps"}, "test_mode"),
        ({"project_id": "nonsense"}, "project_id"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name_and_leaves_nothing(
    client: Client, cast: Cast, change: dict[str, Any], field: str
) -> None:
    answer = post(client, cast.analyst, cast.order(**change))
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert Sample.objects.count() == 0


@pytest.mark.parametrize(
    ("country", "region", "city", "postal_code", "phone"),
    [
        ("IE", "Dublin", "Dublin", "D02 AF30", "+353 1 234 5678"),
        ("MX", "Ciudad de México", "Ciudad de México", "06000", "+52 55 1234 5678"),
        ("GB", "England", "London", "SW1A 1AA", "020 7946 0958"),
        ("JP", "Tokyo", "Shibuya", "150-0002", "03-1234-5678"),
        ("KR", "Seoul", "Gangnam", "06236", "02-312-3456"),
        ("CN", "Beijing", "Beijing", "100000", "+86 10 6552 9988"),
        ("HK", "Kowloon", "Mong Kok", "000", "+852 2123 4567"),
        ("US", "California", "San Francisco", "94102", "(415) 555-1234"),
    ],
)
def test_real_addresses_pass_however_their_region_is_spelt(
    client: Client, cast: Cast, country: str, region: str, city: str, postal_code: str, phone: str
) -> None:
    answer = post(
        client,
        cast.analyst,
        cast.order(
            recipient_address_country_code=country,
            recipient_address_state_region=region,
            recipient_address_city=city,
            recipient_address_postal_code=postal_code,
            recipient_phone=phone,
        ),
    )
    assert answer.status_code == 201, answer.content
    kept = Recipient_.objects.get().fields()
    assert kept["phone"].startswith("+")
    assert kept["city"] == city
    assert kept["state_region"] == ("CA" if country == "US" else region)


def test_switched_off_ordering_is_403_and_names_the_support_contact(client: Client, cast: Cast) -> None:
    cast.organization.kit_ordering_enabled = False
    cast.organization.save()
    answer = post(client, cast.owner, cast.order())
    assert answer.status_code == 403
    assert "support@example.org" in answer.json()["detail"]
    assert Sample.objects.count() == 0


def test_a_locked_project_takes_no_orders(client: Client, cast: Cast) -> None:
    cast.project.locked = True
    cast.project.save()
    assert post(client, cast.owner, cast.order()).status_code == 400
    assert Sample.objects.count() == 0
    assert not ProcrastinateJob.objects.filter(task_name="labs.submit").exists()


def test_only_those_who_may_order_can(client: Client, cast: Cast) -> None:
    assert post(client, None, cast.order()).status_code == 401
    for person in (cast.viewer, cast.member):
        assert post(client, person, cast.order()).status_code == 403
    strange = post(client, cast.stranger, cast.order())
    assert strange.status_code == 400
    assert strange.json() == ["Project does not exist or you do not have privileges to access it."]
    assert Sample.objects.count() == 0


def test_the_same_key_and_order_again_is_the_first_sample(client: Client, cast: Cast) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = post(client, cast.analyst, cast.order(), **key)
    again = post(client, cast.analyst, cast.order(), **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Sample.objects.count() == 1
    assert post(client, cast.analyst, cast.order(recipient_address_name="Ann"), **key).status_code == 422
    assert Sample.objects.count() == 1
    assert post(client, cast.analyst, cast.order(), **{"Idempotency-Key": "order-2"}).status_code == 201
    assert Sample.objects.count() == 2


def test_another_organizations_same_key_is_another_order(client: Client, cast: Cast) -> None:
    key = {"Idempotency-Key": "order-1"}
    post(client, cast.analyst, cast.order(), **key)
    theirs = post(client, cast.stranger, {**cast.order(), "project_id": str(cast.strangers_project.id)}, **key)
    assert theirs.status_code == 201
    assert Sample.objects.count() == 2


def test_personal_data_is_sealed_in_the_database(client: Client, cast: Cast) -> None:
    post(client, cast.analyst, cast.order())
    sealed = bytes(Recipient_.objects.get().sealed)
    assert b"Jane" not in sealed
    assert b"94102" not in sealed


REAL = {
    "US": ("CA", "San Francisco", "94102"), "CA": ("ON", "Toronto", "M5V 2T6"), "GB": ("England", "London", "SW1A 1AA"),
    "DE": ("Berlin", "Berlin", "10115"), "FR": ("Île-de-France", "Paris", "75001"), "JP": ("Tokyo", "Shibuya", "150-0002"),
    "IE": ("Dublin", "Dublin", "D02 AF30"), "MX": ("Ciudad de México", "Ciudad de México", "06000"),
    "BR": ("SP", "São Paulo", "01310-100"), "AU": ("NSW", "Sydney", "2000"), "NZ": ("Auckland", "Auckland", "1010"),
    "IN": ("Karnataka", "Bengaluru", "560001"), "AE": ("Dubai", "Dubai", "00000"), "HK": ("Kowloon", "Mong Kok", "000"),
    "SG": ("Singapore", "Singapore", "048616"), "KR": ("Seoul", "Gangnam", "06236"), "CN": ("Beijing", "Beijing", "100000"),
    "ES": ("Madrid", "Madrid", "28001"), "IT": ("Roma", "Roma", "00184"), "NL": ("Noord-Holland", "Amsterdam", "1012 AB"),
    "SE": ("Stockholm", "Stockholm", "111 22"), "CH": ("Zürich", "Zürich", "8001"), "ZA": ("Gauteng", "Johannesburg", "2001"),
    "PT": ("Lisboa", "Lisboa", "1100-148"),
}  # fmt: skip


def _refused(country: str) -> dict[str, list[str]]:
    region, city, postal_code = REAL[country]
    return _checked_address(
        Recipient("A", "1 Street", city, region, postal_code, country, "a@example.com", "+14155551234")
    )[1]


def test_one_countrys_rules_never_leak_into_anothers() -> None:
    for first in REAL:
        for second in REAL:
            assert _refused(first) == {}, (first, second)
            assert _refused(second) == {}, (first, second)
    with ThreadPoolExecutor(8) as threads:
        assert set(map(str, threads.map(_refused, list(REAL) * 40))) == {"{}"}


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\u202eb", "\u200b", "\u200d", "\x07"])
def test_what_a_label_cannot_carry_is_refused(client: Client, cast: Cast, name: str) -> None:
    answer = post(client, cast.analyst, cast.order(recipient_address_name=name))
    assert (answer.status_code, list(answer.json())) == (400, ["recipient_address_name"])


@pytest.mark.parametrize("name", ["Zoë O’Hara", "李小龍", "نیلوفر علی\u200cپور", "Ярослав", "Nguyễn Thị Mai"])
def test_names_of_the_world_pass(client: Client, cast: Cast, name: str) -> None:
    assert post(client, cast.analyst, cast.order(recipient_address_name=name)).status_code == 201
    assert Recipient_.objects.get().fields()["name"] == name


def test_a_body_too_large_is_413_in_json(client: Client, cast: Cast) -> None:
    answer = post(client, cast.analyst, cast.order(metadata="x" * 2_000_000))
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/json")


def test_a_host_that_is_not_served_is_400_in_json(client: Client, cast: Cast) -> None:
    sent = {**cast.analyst.headers, "Host": "elsewhere.example"}
    for number in range(2):
        post(client, cast.analyst, cast.order(metadata=number))
    answer = client.get(f"/api/v2/project-samples/{cast.project.id}?limit=1", headers=sent)  # its links name the host
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")

"""sample-genomic-variants: single places of the imputed genome, read by the file's index (contract §7.5)."""

from pathlib import Path
from typing import Any

import imputed
import pytest
from cast import Cast, make_lab
from django.conf import LazySettings
from django.test import Client
from kitloop.base import objects
from kitloop.kits.models import Kit
from kitloop.runs.models import File
from kitloop.runs.rsids import index_rsids, places_of
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import ordered_kit

ASK = "Ask for exactly one of: chromosome and position; chromosome, start_position and end_position; rsid."


@pytest.fixture
def kit(cast: Cast) -> Kit:
    kit = ordered_kit(cast, make_lab())
    imputed.imputed(kit)
    return kit


def asked(client: Client, cast: Cast, kit: Kit, query: str) -> Any:
    return client.get(f"/api/v2/sample-genomic-variants/{kit.sample_id}?{query}", headers=cast.viewer.headers)


def found(client: Client, cast: Cast, kit: Kit, query: str) -> list[tuple[str, int]]:
    answer = asked(client, cast, kit, query)
    assert answer.status_code == 200, answer.content
    rows = answer.json()["results"]
    assert answer.json()["meta"]["count"] == len(rows)
    return [(row["chromosome"], row["position"]) for row in rows]


def test_one_position_is_told_to_the_letter(client: Client, cast: Cast, kit: Kit) -> None:
    assert asked(client, cast, kit, "chromosome=chr1&position=100").content == (
        b'{"meta":{"count":1,"next":null,"previous":null},"results":[{"chromosome":"chr1","position":100,"rsid":"rs101",'
        b'"ref":"A","alt":["G"],"genotype":{"GT":"0/1","DS":"1.0500","GP":"0.0100,0.9300,0.0600"},'
        b'"genotype_confidence":0.93,"quality":31.5,"info":{"RAF":[0.25],"AN":400,"IMP":true}}]}'
    )


def test_what_is_missing_in_the_file_is_null_or_empty(client: Client, cast: Cast, kit: Kit) -> None:
    rows = asked(client, cast, kit, "chromosome=chr1&start_position=150&end_position=100150").json()["results"]
    told = [(row["rsid"], row["quality"], row["info"], row["genotype"], row["genotype_confidence"]) for row in rows]
    assert told == [
        (None, None, {}, {"GT": "0/0", "DS": "0.0000", "GP": "1.0000,0.0000,0.0000"}, 1.0),
        ("rs190;rs191", None, {"AN": None, "NOTE": "x"}, {"GT": "1/1"}, None),
        ("rs102", None, {"RAF": [0.1, None], "AN": 400},
         {"GT": "0/2", "DS": "0.1000,0.9000", "GP": "0.1000,0.0000,0.0000,0.9000,.,0.0000"}, 0.9),
    ]  # fmt: skip
    assert rows[2]["alt"] == ["C", "T"]
    (row,) = asked(client, cast, kit, "chromosome=chr2&position=100").json()["results"]
    assert (row["genotype_confidence"], row["genotype"]["GP"]) == (None, ".,.,.")
    (row,) = asked(client, cast, kit, "chromosome=chr1&position=100200").json()["results"]
    assert (row["info"], row["genotype"]) == ({"RAF": [None]}, {"GT": "./."})  # JSON has no word for nan


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("chromosome=chr1&start_position=100&end_position=200", [100, 150, 190, 200]),
        ("chromosome=chr1&start_position=101&end_position=199", [150, 190]),
        ("chromosome=chr1&start_position=100&end_position=100100", [100, 150, 190, 200]),
        ("chromosome=chr1&start_position=200&end_position=100200", [200, 100200]),
        (
            "chromosome=chr1&start_position=201&end_position=205",
            [],
        ),  # a deletion from 190 reaches in, and is none of these
        ("chromosome=1&position=200", [200]),
        ("chromosome=chrM&position=200", []),  # the reference has it, the panel has nothing there
        ("chromosome=chr1&position=2147483647", []),
        ("chromosome=chr1&position=1", []),
    ],
)
def test_ranges_are_counted_from_one_and_hold_both_ends(
    client: Client, cast: Cast, kit: Kit, query: str, expected: list[int]
) -> None:
    assert [position for _, position in found(client, cast, kit, query)] == expected


@pytest.mark.parametrize(
    ("rsids", "expected"),
    [
        ("rs102", [("chr1", 200)]),
        ("rs103,rs102, RS191", [("chr1", 190), ("chr1", 200), ("chr1", 100200)]),
        ("rs101", [("chr1", 100), ("chr2", 100)]),  # one name at two places
        ("rs190,rs191", [("chr1", 190)]),  # two names of one place
        ("rs999999999999999999", []),
        (",".join(f"rs{number}" for number in range(101, 151)), [("chr1", 100), ("chr1", 200), ("chr1", 100200), ("chr2", 100)]),
    ],
)  # fmt: skip
def test_rsids_are_found_wherever_they_are(
    client: Client, cast: Cast, kit: Kit, rsids: str, expected: list[tuple[str, int]]
) -> None:
    assert found(client, cast, kit, f"rsid={rsids}") == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", {"detail": ASK}),
        ("rsid=", {"detail": ASK}),
        ("chromosome=chr1", {"detail": ASK}),
        ("position=100", {"detail": ASK}),
        ("chromosome=chr1&start_position=1", {"detail": ASK}),
        ("chromosome=chr1&position=1&rsid=rs1", {"detail": ASK}),
        ("chromosome=chr1&position=1&start_position=1&end_position=2", {"detail": ASK}),
        ("chromosome=chr9&position=1", {"chromosome": ['"chr9" is not a valid choice.']}),
        ("chromosome=chr1&position=x", {"position": ["A valid integer is required."]}),
        ("chromosome=chr1&position=1.5", {"position": ["A valid integer is required."]}),
        ("chromosome=chr1&position=0", {"position": ["Ensure this value is greater than or equal to 1."]}),
        ("chromosome=chr1&position=-7", {"position": ["Ensure this value is greater than or equal to 1."]}),
        ("chromosome=chr1&position=2147483648", {"position": ["Ensure this value is less than or equal to 2147483647."]}),
        ("chromosome=chr1&position=" + "9" * 5000, {"position": ["Ensure this value is less than or equal to 2147483647."]}),
        ("chromosome=chr1&start_position=2&end_position=1", {"end_position": ["Ensure this value is not less than start_position."]}),
        (
            "chromosome=chr1&start_position=1&end_position=100002",
            {"end_position": ["Ensure the range is not longer than 100000 positions."]},
        ),
        ("rsid=rs1,", {"rsid": ["Enter rsIDs like rs429358, with commas between them."]}),
        ("rsid=chr1:100", {"rsid": ["Enter rsIDs like rs429358, with commas between them."]}),
        ("rsid=rs0", {"rsid": ["Enter rsIDs like rs429358, with commas between them."]}),
        ("rsid=" + ",".join(["rs1"] * 51), {"rsid": ["Ensure this field has no more than 50 elements."]}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(
    client: Client, cast: Cast, kit: Kit, query: str, said: dict[str, object]
) -> None:
    answer = asked(client, cast, kit, query)
    assert (answer.status_code, answer.json()) == (400, said)


def test_pages_of_a_range_follow_each_other(client: Client, cast: Cast, kit: Kit) -> None:
    first = asked(client, cast, kit, "chromosome=chr1&start_position=100&end_position=200&limit=3").json()
    assert (first["meta"]["count"], len(first["results"])) == (4, 3)
    second = client.get(first["meta"]["next"], headers=cast.viewer.headers).json()
    assert [row["position"] for row in second["results"]] == [200]
    assert second["meta"]["next"] is None


def test_a_sample_without_imputed_genotypes_says_so(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    for query in ("chromosome=chr1&position=100", "rsid=rs101"):
        answer = asked(client, cast, kit, query)
        assert answer.status_code == 400
        assert answer.json() == {"detail": "Sample does not have imputed variants.", "code": "no_imputed_variants"}


def test_a_file_from_before_there_were_indexes_gets_one_by_a_job(client: Client, cast: Cast, kit: Kit) -> None:
    key = "samples/of-tests/earlier.vcf.gz"
    for kind in ("", ".tbi", ".csi"):
        objects.path_of(key + kind).write_bytes(objects.path_of(imputed.KEY + kind).read_bytes())
    objects.path_of(f"{key}.rsids").unlink(missing_ok=True)
    File.objects.filter(file_type="impute-vcf").update(object_key=key)
    for _ in range(3):
        answer = asked(client, cast, kit, "rsid=rs102")
        assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "60", "rsids_being_indexed")
    job = ProcrastinateJob.objects.get(task_name="runs.index_rsids")
    index_rsids(**job.args)
    assert found(client, cast, kit, "rsid=rs102") == [("chr1", 200)]


def test_samples_with_the_same_sites_share_one_index_of_names(settings: LazySettings, tmp_path: Path) -> None:
    settings.KITLOOP_OBJECTS = tmp_path
    keys = [imputed.written.__wrapped__(f"samples/{name}/imputed.vcf.gz") for name in ("one", "two")]
    assert len({index_rsids(key) for key in keys}) == 1
    assert len(list((tmp_path / "rsids").iterdir())) == 1
    assert [sorted(places_of(key, ["rs101", "rs103"]) or []) for key in keys] == [
        [("chr1", 100), ("chr1", 100200), ("chr2", 100)]
    ] * 2
    assert list((tmp_path / ".work").iterdir()) == []

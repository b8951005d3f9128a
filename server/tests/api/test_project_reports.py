"""A project as a whole: counts, sizes, quality controls, the CSV report, histograms; and the kinds of files."""

import csv
import io
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from cast import Cast
from django.test import Client
from kitloop.kits.models import Kit, Sample
from kitloop.runs import quality_report
from kitloop.runs.models import File, QualityControl, Run
from kitloop.runs.project_quality import BINS, histogram

MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DEFAULT = (
    "id,client_id,project_id,year,month,day,status,sex_string,snps_min,bases_dedup_mapped_min,call_rate_min,"
    "effective_coverage_min,raw_coverage,ancestries"
)
ALL = (
    "id,client_id,project_id,year,month,day,status,sex_string,call_rate_min,raw_coverage,bases_min,bases_max,"
    "bases_dedup_min,bases_dedup_mapped_min,fraction_contamination_max,snps_min,effective_coverage_min,hzy_max,cc_min,"
    "nhref_min,nhet_max,nhalt_min,pct_target_bases_30x_min,pathogenic_min,ancestries"
)
EMPTY_HISTOGRAM = {"bin_edges": [], "hist": []}


def sample(cast: Cast, status: str, *, created: datetime = MADE, client_id: str = "", **more: Any) -> Sample:
    return Sample.objects.create(
        project=cast.project, status=status, status_id=uuid4(), created=created, modified=created, client_id=client_id,
        **more,
    )  # fmt: skip


def analyzed(cast: Cast, status: str, checks: dict[str, tuple[str, float | None, str]], **more: Any) -> Sample:
    """A sample that shows a run with these checks, by key: type, value and verdict; and one of 100 bytes that it does not show."""
    found = sample(cast, status, **more)
    for is_shown in (False, True):
        kit = Kit.objects.create(sample=found, state="sequenced", created=MADE)
        run = Run.objects.create(sample=found, kit=kit, inputs={}, created=MADE, state="succeeded")
        File.objects.create(sample=found, run=run, file_type="impute-vcf", object_key="x", size=7 if is_shown else 100)
        QualityControl.objects.bulk_create(
            QualityControl(run=run, position=at, key=key, name=key.title(), type=type, value_measured=value, status=said)
            for at, (key, (type, value, said)) in enumerate((checks if is_shown else dict.fromkeys(checks, ("int", 99, "failed"))).items())
        )  # fmt: skip
    Run.objects.filter(pk=run.pk).update(
        metrics={"depth_mean_x": 0.9876},
        ancestry={"populations": [{"key": "B", "proportion": 0.25}, {"key": "A", "proportion": 0.75},
                                  {"key": "C", "proportion": 0.0}]},
    )  # fmt: skip
    Sample.objects.filter(pk=found.pk).update(run_id=run.id)
    return Sample.objects.get(pk=found.pk)


def read(client: Client, cast: Cast, path: str) -> Any:
    answer = client.get(f"/api/v2/{path}", headers=cast.viewer.headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_counts_of_an_empty_project_are_zeros(client: Client, cast: Cast) -> None:
    answer = client.get(f"/api/v2/project-stats/{cast.project.id}", headers=cast.viewer.headers)
    assert answer.content == (
        b'{"counts":{"total_samples":0,"running_samples":0,"scheduled_samples":0,"succeeded_samples":0,"failed_samples":0,'
        b'"kit_processing_samples":0},"total_size":0,"failed_counts":{},"failed_qc_counts":{}}'
    )


def test_samples_are_counted_by_what_they_wait_for(client: Client, cast: Cast) -> None:
    for status in ("consumer_awaiting_kit_order", "kit_requested", "kit_ordered", "consumer_awaiting_data", "scheduled",
                   "running", "cancelled", "failed"):  # fmt: skip
        sample(cast, status)
    analyzed(cast, "succeeded", {"bases_min": ("int", 5, "succeeded")}, client_id="good")
    analyzed(cast, "failed_qc", {"bases_min": ("int", 1, "failed"), "cc_min": ("float", 0.5, "failed")})
    analyzed(cast, "failed_qc", {"bases_min": ("int", 1, "failed"), "cc_min": ("float", 0.9, "succeeded")}, hidden=True)
    sample(cast, "succeeded", deleted=MADE)
    path = f"project-stats/{cast.project.id}"
    found = read(client, cast, path)
    assert found == {
        "counts": {
            "total_samples": 10,
            "running_samples": 1,
            "scheduled_samples": 1,
            "succeeded_samples": 1,
            "failed_samples": 2,
            "kit_processing_samples": 3,
        },
        "total_size": 14,
        "failed_counts": {"failed": 1, "failed_qc": 1},
        "failed_qc_counts": {"bases_min": 1, "cc_min": 1},
    }
    whole = read(client, cast, f"{path}?hidden_status=all")
    assert (whole["total_size"], whole["failed_counts"], whole["failed_qc_counts"]) == (
        21, {"failed": 1, "failed_qc": 2}, {"bases_min": 2, "cc_min": 1},
    )  # fmt: skip
    for query, total in (("status=failed", 2), ("archive_status=archived", 0), ("created_after=2026-03-05", 0),
                         ("modified_before=2026-03-05", 10), ("hidden_status=hidden", 1)):  # fmt: skip
        assert read(client, cast, f"{path}?{query}")["counts"]["total_samples"] == total, query
    assert client.get(f"/api/v2/{path}?status=x", headers=cast.viewer.headers).status_code == 400


def test_qc_types_are_those_of_the_latest_result(client: Client, cast: Cast) -> None:
    path = f"project-qc-types/{cast.project.id}"
    assert read(client, cast, path) == {"meta": {"count": 0, "next": None, "previous": None}, "results": []}
    later = MADE.replace(hour=9)
    analyzed(
        cast, "succeeded", {"cc_min": ("float", 1, "succeeded"), "bases_min": ("int", 1, "succeeded")}, created=later
    )
    analyzed(cast, "succeeded", {"hzy_max": ("float", 1, "succeeded")})
    found = read(client, cast, path)
    assert [row["key"] for row in found["results"]] == ["cc_min", "bases_min"]
    assert found["results"][1] == {
        "key": "bases_min", "type": "int", "name": "Bases_Min", "description_markdown": "", "display_type": "",
        "display_only_if_failed": False,
    }  # fmt: skip
    page = read(client, cast, f"{path}?limit=1")
    assert page["meta"]["next"] == f"http://testserver/api/v2/{path}?limit=1&offset=1"


def report(client: Client, cast: Cast, query: str = "") -> Any:
    answer = client.get(f"/api/v2/project-qc-report/{cast.project.id}{query}", headers=cast.viewer.headers)
    answer.text_sent = b"".join(answer).decode() if answer.streaming else answer.content.decode()
    return answer


def test_the_report_is_csv_to_the_byte(client: Client, cast: Cast) -> None:
    checks = {"snps_min": ("int", 5012345.0, "succeeded"), "call_rate_min": ("float", 0.98, "succeeded"),
              "bases_dedup_mapped_min": ("int", None, "skipped")}  # fmt: skip
    shown = analyzed(cast, "failed_qc", checks, client_id='a,"b"')
    waiting = sample(cast, "kit_requested", created=MADE.replace(year=2025))
    sample(cast, "succeeded", deleted=MADE)
    answer = report(client, cast)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="project-qc-report.csv"'
    assert answer.text_sent == (
        f"{DEFAULT}\n"
        f'{shown.id},"a,""b""",{cast.project.id},2026,3,4,failed_qc,,5012345,,0.98,,0.9876,A:0.75;B:0.25\n'
        f"{waiting.id},,{cast.project.id},2025,3,4,kit_requested,,,,,,,\n"
    )


def test_of_a_project_without_samples_the_report_is_its_header(client: Client, cast: Cast) -> None:
    assert report(client, cast).text_sent == f"{DEFAULT}\n"
    assert report(client, cast, f"?columns={ALL}").text_sent == f"{ALL}\n"


def test_columns_come_as_they_are_asked_for(client: Client, cast: Cast) -> None:
    analyzed(cast, "succeeded", {"bases_min": ("int", 3, "succeeded")})
    assert (
        report(client, cast, "?columns=status,%20bases_min,year").text_sent
        == "status,bases_min,year\nsucceeded,3,2026\n"
    )
    assert report(client, cast, "?columns=month&columns=day,month").text_sent == "month,day\n3,4\n"
    assert report(client, cast, "?columns=").text_sent.splitlines()[0] == DEFAULT


def test_an_unknown_column_is_named_beside_those_there_are(client: Client, cast: Cast) -> None:
    answer = report(client, cast, "?columns=id,name,phone")
    assert answer.status_code == 400
    assert answer.json() == [f"Invalid columns: ['name', 'phone']. Allowed columns: {ALL.split(',')!r}."]


@pytest.mark.parametrize("number", [6, 7, 8])
def test_a_long_report_has_each_sample_once_and_is_read_in_parts(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any, number: int
) -> None:
    monkeypatch.setattr(quality_report, "PART", 3)
    same = [sample(cast, "succeeded", client_id=f"c{at}") for at in range(number)]
    with django_assert_num_queries(number // 3 + 1):
        lines = list(quality_report.report_lines(cast.project, ["id", "snps_min"]))
    assert [line[0] for line in lines] == sorted(str(row.id) for row in same)
    rows = list(csv.DictReader(io.StringIO(report(client, cast, "?columns=client_id").text_sent)))
    assert sorted(row["client_id"] for row in rows) == sorted(f"c{at}" for at in range(number))


def test_a_histogram_is_numpys() -> None:
    """Of values with ties, on edges, below zero, far from it, and alone."""
    chance = Random(3)
    cases: list[list[float]] = [
        [5.0],
        [5.0, 5.0],
        [0.0, 1.0],
        [0.1 * at for at in range(11)],
        [1e9, 1e9 + 1, 1e9 + 0.5],
    ]
    cases += [[chance.choice((chance.gauss(0, 1), round(chance.random(), 1))) for _ in range(200)] for _ in range(50)]
    cases += [[float(chance.randrange(20)) for _ in range(99)] for _ in range(50)]
    for values in cases:
        counts, edges = np.histogram(values, bins=BINS)
        found = histogram(values)
        assert found.counts == tuple(counts.tolist()), values
        assert found.edges == tuple(edges.tolist()), values


def test_a_histogram_is_of_the_latest_results_that_the_filters_choose(client: Client, cast: Cast) -> None:
    for day, value in enumerate((1.0, 2.0, 3.0), 1):
        analyzed(cast, "succeeded", {"cc_min": ("float", value, "succeeded")}, created=MADE.replace(day=day))
    analyzed(cast, "failed_qc", {"cc_min": ("float", 11.0, "failed"), "format": ("bool", None, "failed")}, hidden=True)
    path = f"project-quality-control-histogram/{cast.project.id}"
    assert read(client, cast, f"{path}?qc_type=cc_min&number_of_results=2") == {
        "bin_edges": pytest.approx([2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0]),
        "hist": [1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    }
    whole = read(client, cast, f"{path}?qc_type=cc_min&hidden_status=all")
    assert whole == {"bin_edges": [float(at) for at in range(1, 12)], "hist": [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]}
    assert sum(read(client, cast, f"{path}?qc_type=cc_min&status=failed&hidden_status=all")["hist"]) == 1
    assert read(client, cast, f"{path}?qc_type=format&hidden_status=all") == EMPTY_HISTOGRAM
    assert read(client, cast, f"{path}?qc_type=unknown") == EMPTY_HISTOGRAM
    for query, said in (
        ("", {"qc_type": ["This field is required."]}),
        ("?qc_type=", {"qc_type": ["This field may not be blank."]}),
        ("?qc_type=a%00b", {"qc_type": ["Null characters are not allowed."]}),
        ("?qc_type=x&number_of_results=0", {"number_of_results": ["Ensure this value is greater than or equal to 1."]}),
        ("?qc_type=x&number_of_results=a", {"number_of_results": ["A valid integer is required."]}),
    ):
        answer = client.get(f"/api/v2/{path}{query}", headers=cast.viewer.headers)
        assert (answer.status_code, answer.json()) == (400, said)


def test_file_types_come_on_one_page_with_qc_and_metadata_last(client: Client, cast: Cast) -> None:
    whole = read(client, cast, "file-types/")
    keys = [row["key"] for row in whole["results"]]
    assert keys == [
        "alignment-bai", "alignment-bam", "ancestry-json", "array-export", "fastq-r1", "fastq-r2", "impute-csi",
        "impute-tbi", "impute-vcf", "traits-json", "qc", "metadata",
    ]  # fmt: skip
    assert whole["meta"] == {"count": 12, "next": None, "previous": None}
    assert all(list(row) == ["key", "description"] for row in whole["results"])
    assert read(client, cast, f"file-types/?object=sample&project_id={cast.project.id}") == whole
    part = read(client, cast, "file-types/?limit=4&offset=4")
    assert [row["key"] for row in part["results"]] == keys[4:8]
    assert part["meta"] == {
        "count": 12,
        "next": "http://testserver/api/v2/file-types/?limit=4&offset=8",
        "previous": "http://testserver/api/v2/file-types/?limit=4",
    }
    assert read(client, cast, "file-types/?object=reference_genome")["meta"]["count"] == 0


def test_every_file_that_an_analysis_delivers_has_its_kind_listed(client: Client, cast: Cast) -> None:
    from kitloop_genomics.delivery import FILE_TYPES

    listed = {row["key"] for row in read(client, cast, "file-types/")["results"]}
    assert set(FILE_TYPES.values()) <= listed


@pytest.mark.parametrize("project", [str(uuid4()), "nonsense", "theirs"])
def test_file_types_of_an_unknown_project_are_not_found(client: Client, cast: Cast, project: str) -> None:
    asked = str(cast.strangers_project.id) if project == "theirs" else project
    answer = client.get(f"/api/v2/file-types/?project_id={asked}", headers=cast.viewer.headers)
    assert (answer.status_code, answer.content) == (404, b'{"detail":"Not found."}')
    assert client.get("/api/v2/file-types/?object=cow", headers=cast.viewer.headers).status_code == 400

"""Reference bundles become pipelines and capabilities, which projects choose and analyses are run with."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, make_capability, make_lab
from django.conf import settings
from django.test import Client
from kitloop.base import clock
from kitloop.local.bundles import register, register_the_settings
from kitloop.pipelines.models import Capability, Pipeline
from kitloop.pipelines.register import BundleUnreadable, capability_id, register_bundle
from kitloop.projects.models import Project
from kitloop.runs.execute import bundle_of
from kitloop.runs.models import Run
from kitloop_genomics import __version__ as tool_version
from kitloop_genomics.bundle.manifest import Manifest, write_manifest

from lab import ordered_kit

STEPS = {"bases_min": 330000000, "effective_coverage_min": 0.0, "fraction_contamination_max": 0.06}
CAPABILITY = [
    "id", "name", "key", "private", "merge_vcfs_enabled", "supported_project_modifications", "modifications_enabled",
    "species", "pipeline_category", "description_markdown", "datasets", "steps",
]  # fmt: skip


def bundle(folder: Path, *, version: str = "1", steps: dict[str, float] | None = None, **changes: Any) -> Path:
    """A bundle as the analysis' own program writes it, of the files that say what it is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "thresholds.json").write_text(json.dumps({"quality_controls": steps or STEPS, "scores": {}}))
    facts = {"kind": "reference-bundle", "id": "demo", "build": "demo-1", "species": "simulated", "license": "CC0-1.0"}
    write_manifest(folder, Manifest(**{**facts, "version": version, "created_by": {}, **changes}))
    return folder


def read(client: Client, cast: Cast, path: str) -> Any:
    answer = client.get(f"/api/v2/{path}", headers=cast.member.headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_registered_bundle_is_a_capability_of_the_analysis_version(
    client: Client, cast: Cast, tmp_path: Path
) -> None:
    made = register(bundle(tmp_path / "b"))
    row = read(client, cast, f"pipeline-capabilities/{made.id}")
    assert list(row) == CAPABILITY
    assert row == {
        "id": str(capability_id("demo/1")),
        "name": "demo 1, low-pass",
        "key": "demo/1",
        "private": False,
        "merge_vcfs_enabled": False,
        "supported_project_modifications": [],
        "modifications_enabled": False,
        "species": "simulated",
        "pipeline_category": "Other",
        "description_markdown": "CC0-1.0",
        "datasets": {"reference_genome": "demo-1", "files": ["thresholds.json"]},
        "steps": STEPS,
    }
    answer = client.get(f"/api/v2/pipeline-capabilities/{made.id}", headers=cast.member.headers)
    assert b'"bases_min":330000000,' in answer.content  # a whole number stays one, and a float keeps its form
    assert b'"effective_coverage_min":0.0' in answer.content
    latest = read(client, cast, "pipeline-latest/")
    assert list(latest) == ["id", "version", "capabilities"]
    assert (latest["version"], latest["capabilities"]) == (tool_version, [row])
    assert read(client, cast, f"pipeline/{latest['id']}") == latest


def test_registering_again_brings_up_to_date_and_keeps_the_id(db: None, tmp_path: Path) -> None:
    first = register_bundle(bundle(tmp_path / "a"), version="1.0")
    second = register_bundle(bundle(tmp_path / "b", steps={"bases_min": 2}), version="1.1")
    assert (first.id, Capability.objects.count()) == (second.id, 1)
    kept = Capability.objects.get()
    assert (kept.steps, kept.pipeline.version, kept.bundle) == ({"bases_min": 2}, "1.1", str(tmp_path / "b"))
    assert set(Pipeline.objects.values_list("version", flat=True)) == {"1.0", "1.1"}
    other = register_bundle(bundle(tmp_path / "c", version="2"), version="1.1")
    assert other.id != first.id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", None), ("manifest.json", "{"), ("manifest.json", "[]"), ("manifest.json", '{"id":"x"}'),
        ("thresholds.json", None), ("thresholds.json", "{}"), ("thresholds.json", '{"quality_controls":7}'),
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_and_changes_nothing(
    db: None, tmp_path: Path, name: str, text: str | None
) -> None:
    folder = bundle(tmp_path / "b")
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    with pytest.raises(BundleUnreadable):
        register(folder)
    assert Capability.objects.count() == Pipeline.objects.count() == 0


def test_a_folder_of_another_kind_is_no_bundle(db: None, tmp_path: Path) -> None:
    with pytest.raises(BundleUnreadable, match="held-out-people"):
        register(bundle(tmp_path / "b", kind="held-out-people"))


def test_at_the_start_the_settings_bundle_is_registered_and_projects_without_one_get_it(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KITLOOP_BUNDLE", tmp_path / "b")
    Project.objects.update(capability=None)
    Capability.objects.all().delete()
    assert register_the_settings() == ""  # nothing is there
    assert Project.objects.get(pk=cast.project.pk).capability is None
    bundle(tmp_path / "b")
    assert register_the_settings() == register_the_settings() == ""
    (made,) = Capability.objects.all()
    assert set(Project.objects.values_list("capability", flat=True)) == {made.id}
    (tmp_path / "b" / "thresholds.json").write_text("{")
    assert "thresholds.json" in register_the_settings()


def test_projects_keep_the_capability_that_they_chose(cast: Cast, tmp_path: Path) -> None:
    register(bundle(tmp_path / "b"))
    assert Project.objects.get(pk=cast.project.pk).capability == cast.capability


def test_an_analysis_takes_the_projects_bundle_where_it_is_there(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KITLOOP_BUNDLE", tmp_path / "of-the-setting")
    kit = ordered_kit(cast, make_lab())
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now())

    def chosen() -> Path:
        return bundle_of(Run.objects.get(pk=run.pk))

    assert chosen() == tmp_path / "of-the-setting"
    own = bundle(tmp_path / "own")
    Capability.objects.filter(pk=cast.capability.pk).update(bundle=str(own))
    assert chosen() == own
    (own / "manifest.json").unlink()  # it was taken away
    assert chosen() == tmp_path / "of-the-setting"
    Project.objects.filter(pk=cast.project.pk).update(capability=None)
    assert chosen() == tmp_path / "of-the-setting"


def test_pipelines_are_listed_newest_first_and_in_pages(client: Client, cast: Cast) -> None:
    for version in ("1.1.0", "1.2.0"):
        make_capability(f"tests/{version}", version=version)
    newest = read(client, cast, "pipeline/")
    assert [list(row) for row in newest["results"]] == [["id", "version"]] * 3
    assert [row["version"] for row in newest["results"]] == ["1.2.0", "1.1.0", "1.0.0"]
    page = read(client, cast, "pipeline/?sort_by=created&sort_order=asc&limit=1&offset=1")
    assert [row["version"] for row in page["results"]] == ["1.1.0"]
    assert page["meta"] == {
        "count": 3,
        "next": "http://testserver/api/v2/pipeline/?limit=1&offset=2&sort_by=created&sort_order=asc",
        "previous": "http://testserver/api/v2/pipeline/?limit=1&sort_by=created&sort_order=asc",
    }
    assert client.get("/api/v2/pipeline/?sort_by=version", headers=cast.member.headers).status_code == 400


def test_capabilities_are_found_by_their_ids(client: Client, cast: Cast) -> None:
    others = [make_capability(f"tests/{number}") for number in range(2, 60)]
    wanted = {str(each.id) for each in others[:50]}
    found = read(client, cast, f"pipeline-capabilities/?search={'%2C'.join(wanted)}&offset=0&limit=200")
    assert {row["id"] for row in found["results"]} == wanted
    assert found["meta"]["count"] == 50
    assert read(client, cast, "pipeline-capabilities/?search=")["meta"]["count"] == 59
    assert read(client, cast, f"pipeline-capabilities/?search={uuid4()}")["meta"]["count"] == 0
    answer = client.get("/api/v2/pipeline-capabilities/?search=grch38", headers=cast.member.headers)
    assert (answer.status_code, list(answer.json())) == (400, ["search"])


def test_without_a_bundle_there_is_no_latest_pipeline(client: Client, cast: Cast) -> None:
    Project.objects.update(capability=None)
    Capability.objects.all().delete()
    Pipeline.objects.all().delete()
    answer = client.get("/api/v2/pipeline-latest/", headers=cast.owner.headers)
    assert (answer.status_code, answer.content) == (404, b'{"detail":"Not found."}')
    row = client.get(f"/api/v2/projects/{cast.project.id}", headers=cast.owner.headers).json()
    assert row["pipeline_capabilities"] is None

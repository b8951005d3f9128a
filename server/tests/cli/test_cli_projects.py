"""`gencove projects …` about projects, pipelines and reports (contract §8.2)."""

from datetime import datetime
from pathlib import Path

from cli.conftest import NOWHERE, World


def spoken(moment: str) -> str:
    """A time of the wire as the command prints it."""
    return str(datetime.fromisoformat(moment))


def test_projects_are_listed_with_what_they_are_analyzed_with(world: World) -> None:
    key = world.sandbox.facts["other_api_key"]
    (project,) = world.api("/api/v2/projects/", key=key)["results"]
    (capability,) = world.api("/api/v2/pipeline-capabilities/")["results"]
    short = f"{spoken(project['created'])}\t{project['id']}\tKits\t{capability['name']}"
    said = world.gencove("projects", "list", GENCOVE_API_KEY=key)
    assert (said.code, said.out, said.err) == (0, f"{short}\n", "")
    assert project["id"] == world.sandbox.facts["other_project_id"]
    said = world.gencove("projects", "list", "--include-capability", GENCOVE_API_KEY=key)
    assert (said.code, said.out) == (0, f"{short}\t{capability['id']}\t{capability['key']}\n")


def test_a_project_is_made_hidden_shown_and_deleted(world: World) -> None:
    (capability,) = world.api("/api/v2/pipeline-capabilities/")["results"]
    said = world.gencove("projects", "create", "Twins ünd more", capability["id"])
    assert said.code == 0, said.err
    _, id, name, chosen = said.out.rstrip("\n").split("\t")
    assert (name, chosen) == ("Twins ünd more", capability["id"])
    made = world.api(f"/api/v2/projects/{id}")
    row = f"{spoken(made['created'])}\t{id}\tTwins ünd more\t{capability['name']}"
    assert row in world.gencove("projects", "list").lines

    said = world.gencove("projects", "hide", id)
    assert (said.code, said.err) == (0, f"The following projects have been hidden successfully:\n\t{id}\n")
    assert row not in world.gencove("projects", "list").lines
    assert row in world.gencove("projects", "list", "--hidden").lines

    said = world.gencove("projects", "unhide", id)
    assert (said.code, said.err) == (0, f"The following projects have been unhidden successfully:\n\t{id}\n")
    assert world.api(f"/api/v2/projects/{id}")["hidden"] is False

    said = world.gencove("projects", "delete", id)
    assert (said.code, said.err) == (0, f"The following projects have been deleted successfully:\n\t{id}\n")
    assert row not in world.gencove("projects", "list", "--hidden").lines


def test_several_projects_are_hidden_at_once(world: World) -> None:
    ids = [world.project_of_ones_own(name) for name in ("first", "second")]
    said = world.gencove("projects", "hide", ",".join(ids))
    assert (said.code, said.err.splitlines()[1:]) == (0, [f"\t{id}" for id in ids])
    assert [world.api(f"/api/v2/projects/{id}")["hidden"] for id in ids] == [True, True]


def test_pipelines_and_their_capabilities_are_listed(world: World) -> None:
    (pipeline,) = world.api("/api/v2/pipeline/")["results"]
    said = world.gencove("projects", "list-pipelines")
    assert (said.code, said.out) == (0, f"{pipeline['id']}\t{pipeline['version']}\n")
    (capability,) = world.api(f"/api/v2/pipeline/{pipeline['id']}")["capabilities"]
    said = world.gencove("projects", "list-pipeline-capabilities", pipeline["id"])
    assert (said.code, said.out) == (0, f"{capability['id']}\t{capability['name']}\n")


def test_a_project_with_an_unknown_capability_is_refused_in_words(world: World) -> None:
    said = world.gencove("projects", "create", "x", NOWHERE)
    assert (said.code, said.out) == (1, "")
    assert f'  pipeline_capabilities: Invalid pk "{NOWHERE}" - object does not exist.' in said.err.splitlines()
    assert said.err.endswith("Aborted!\n")


def test_the_quality_report_of_a_project_is_saved(world: World) -> None:
    said = world.gencove("reports", "project-qc", world.project)
    path = world.folder / "project-qc-report.csv"  # the name that the answer gives
    assert (said.code, f"Saved project QC report CSV for project {world.project} to {path}" in said.err) == (0, True)
    header, *rows = path.read_text().splitlines()
    assert header == (
        "id,client_id,project_id,year,month,day,status,sex_string,snps_min,bases_dedup_mapped_min,call_rate_min,"
        "effective_coverage_min,raw_coverage,ancestries"
    )
    ours = {row.split(",")[0]: row.split(",")[6] for row in rows}
    assert (ours[world.succeeded], ours[world.failed]) == ("succeeded", "failed_qc")

    said = world.gencove(
        "reports", "project-qc", world.project, "--columns", "id,status", "--output-filename", "x/qc.csv"
    )
    assert said.code == 0
    rows = (world.folder / "x" / "qc.csv").read_text().splitlines()
    assert rows[0] == "id,status"
    assert {f"{world.succeeded},succeeded", f"{world.failed},failed_qc"} <= set(rows)

    said = world.gencove("reports", "project-qc", world.project, "--columns", "id,shoe_size")
    assert said.code == 1
    assert " Invalid columns: ['shoe_size']. Allowed columns: ['id', 'client_id'," in said.err


def test_the_monthly_usage_is_saved(world: World) -> None:
    said = world.gencove("reports", "monthly-usage")
    assert said.code == 0, said.err
    (path,) = [Path(line.rpartition(" to ")[2]) for line in said.err.splitlines() if line.startswith("Saved")]
    assert path == world.folder / "report.csv"
    header, *rows = path.read_text().splitlines()
    assert header == "year,month,succeeded_samples,failed_samples"
    assert len(rows) == 12
    assert rows == sorted(rows, key=lambda row: [int(cell) for cell in row.split(",")])
    assert [int(cell) >= 1 for cell in rows[-1].split(",")[2:]] == [True, True]

    words = ("--from", "2026-01", "--to", "2026-03", "--output-filename", "usage.csv")
    assert world.gencove("reports", "monthly-usage", *words).code == 0
    assert (world.folder / "usage.csv").read_text() == (
        "year,month,succeeded_samples,failed_samples\n2026,1,0,0\n2026,2,0,0\n2026,3,0,0\n"
    )


def test_file_types_are_listed(world: World) -> None:
    served = world.api("/api/v2/file-types/")["results"]
    said = world.gencove("file-types")
    assert (said.code, said.lines) == (0, sorted(f"{row['key']}\t{row['description']}" for row in served))
    assert {"fastq-r1", "impute-vcf", "qc", "metadata"} <= {row["key"] for row in served}
    assert world.gencove("file-types", "--project-id", world.project).out == said.out
    said = world.gencove("file-types", "--object", "reference_genome")
    assert (said.code, said.out) == (0, "")

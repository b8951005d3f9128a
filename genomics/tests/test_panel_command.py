"""`panel build` as a command, what `--check-only` says, and progress."""

from __future__ import annotations

import json
from pathlib import Path

import pysam
import pysam.bcftools
import pytest
from click.testing import CliRunner
from kitloop_genomics.building.pace import Pace
from kitloop_genomics.building.survey import survey
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.errors import InputError
from panel_sources import DESCRIPTION, PEOPLE, Small, record, swapped


def test_a_dry_run_says_what_a_build_would_keep_and_refuse(small: Small, built: Path) -> None:
    found = survey(small.sources, DESCRIPTION)
    size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
    assert (found.people, found.sites, found.chunks) == (PEOPLE, {"chr1": 300, "chr2": 300}, {"chr1": 1, "chr2": 1})
    assert found.size_bytes == pytest.approx(size, rel=0.15)
    assert found.problems == []

    def change(lines: list[str]) -> list[str]:
        return record(20, gt="0/1")(record(40, gt=".")(record(60, gt="x")(swapped(lines))))

    broken = survey(small.with_lines(change, "survey.vcf"), DESCRIPTION)
    assert [str(problem.problem).split(" ")[0] for problem in broken.problems] == ["stands", "p00", "p00", "the"]
    assert (broken.refused, sum(broken.sites.values())) == (4, 596)


def test_the_command_builds_and_checks(small: Small, tmp_path: Path) -> None:
    words = [
        "panel", "build", "--fasta", small.sources.fasta, "--vcf", small.vcf, "--map", small.sources.maps[0],
        "--populations", small.sources.populations, "--build", "small-1", "--out", tmp_path / "out",
        "--licence", "panel.vcf=CC0=free", "--ne", 9000,
    ]  # fmt: skip
    run = CliRunner()
    dry = run.invoke(kitloop_genomics, [*map(str, words), "--check-only"])
    assert (dry.exit_code, (tmp_path / "out").exists()) == (0, False)
    assert "19 people, 600 sites" in dry.output
    done = run.invoke(kitloop_genomics, [*map(str, words)])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sources"][1]["licence"] == "CC0=free"
    assert len(manifest["sources"][1]["sha256"]) == 64
    assert manifest["imputation"] == {"effective_population_size": 9000}
    again = run.invoke(kitloop_genomics, [*map(str, words)])
    assert isinstance(again.exception, InputError)
    assert "is there already" in str(again.exception)


def test_alleles_that_bcftools_would_name_otherwise_are_counted_with_the_remedy(small: Small, tmp_path: Path) -> None:
    def change(lines: list[str]) -> list[str]:
        rows = [line.split("\t")[3] for line in lines if not line.startswith("#")]
        for number, form in ((20, "{0}{1}"), (40, "{0}{1}{0}"), (60, "{1},{0}{0}{0}"), (80, "{0}{1}{1}")):
            ref = rows[number]
            lines = record(number, alt=form.format(ref, "G" if ref != "G" else "C"), gt="1|0")(lines)
        return record(60, gt="2|1")(lines)

    sources = small.with_lines(change, "movable.vcf")
    files = ("-f", str(sources.fasta), str(sources.variants[0]))
    split, moved = (
        {tuple(row.split("\t")[:5]) for row in pysam.bcftools.norm("-m-any", *more).splitlines() if row[0] != "#"}
        for more in (files[2:], files)
    )
    assert len(split - moved) == 2  # by bcftools
    assert survey(sources, DESCRIPTION).movable == 2
    words = [
        "panel", "build", "--fasta", sources.fasta, "--vcf", sources.variants[0], "--map", sources.maps[0],
        "--populations", sources.populations, "--build", "small-1", "--out", tmp_path / "out",
    ]  # fmt: skip
    for more in ("--check-only",), ():
        done = CliRunner().invoke(kitloop_genomics, [*map(str, words), *more])
        assert done.exit_code == 0, done.output
        assert "warning: 2 insertions or deletions don't stand as far to the left" in done.output
        assert "`bcftools norm -f REFERENCE.fa -m-any`" in done.output


def test_progress_tells_rate_and_time_left_since_the_restart() -> None:
    now, lines = [100.0], []
    pace = Pace(1_000, lines.append, 1.0, clock=lambda: now[0])
    pace.at("chr1", 500, 0)  # half of it was read before
    for _ in range(4):
        now[0] += 0.5
        pace.at("chr2", 500 + int((now[0] - 100) * 50), int((now[0] - 100) * 2_000))
    assert lines == [
        "chr2: 2,000 sites, 2,000 a second, 55% read, 9 s left",
        "chr2: 4,000 sites, 2,000 a second, 60% read, 8 s left",
    ]

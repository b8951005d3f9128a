"""Simulate people whose genotypes are known, analyse them, and say how close the analysis comes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from kitloop_genomics.accuracy import accuracy, compare, pool
from kitloop_genomics.ancestry.estimate import Ancestry
from kitloop_genomics.bundle.open import open_bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.sandbox.reads import simulate_reads
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.scores.score import Score, percentile, score


def validate(
    demo: Demo,
    *,
    people: int = 10,
    depth: float = 1.0,
    threads: int = 1,
    seed: str = "validate",
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Figures over `people` synthetic, held-out people at `depth`.

    accuracy: of dosages, over all sites of all people together.  ancestry_error_mean, _max: absolute, per share;
    ancestry_interval_coverage: share of true shares inside the stated 95 % interval, give or take 0.005.
    score_percentile_error_mean and score_band_coverage (share of true percentiles inside the stated 90 % band).
    failed: ids that didn't pass quality control; they count in none of the figures.
    """
    bundle = open_bundle(demo.bundle)
    score_files = [read_scoring_file(path) for path in bundle.score_files]
    compared, failed, seconds = [], [], []
    ancestry_errors: list[float] = []
    shifts: list[float] = []
    inside: list[bool] = []
    enclosed: list[bool] = []
    for number in range(1, people + 1):
        person = f"{seed}-{number}"
        with tempfile.TemporaryDirectory() as folder:
            reads = simulate_reads(demo, person, Path(folder) / "reads", depth=depth)
            out = Path(folder) / "out"
            result = analyse(bundle, reads.r1, reads.r2, sample_id=person, out=out, threads=threads)
            seconds.append(sum(step.seconds for step in result.steps))
            if result.status != "succeeded" or result.ancestry is None:
                failed.append(person)
                tell(f"{person}: failed, {', '.join(reason.code for reason in result.reasons)}")
                continue
            imputed = _read_dosages(out / "imputed.vcf.gz", bundle.panel.chromosomes)
            known = compare(reads.truth_vcf, bundle.panel.chromosomes, imputed)
            compared.append(known)
            truth = json.loads(reads.truth_json.read_text())["ancestry"]["populations"]
            pairs = zip(result.ancestry["value"]["populations"], truth, strict=True)
            for share, true_share in pairs:
                true = true_share["proportion"]
                ancestry_errors.append(abs(share["proportion"] - true))
                enclosed.append(share["low"] - 0.005 <= true <= share["high"] + 0.005)
            shares = np.array([row["proportion"] for row in truth])
            # Known exactly, so that nothing is left open: the shares stand for their own only replicate.
            known_ancestry = Ancestry(shares, shares, shares, 0, 0, shares[None])
            true_dosages = _as_dosages(known.truth, bundle.panel.chromosomes)
            for file, reported in zip(score_files, result.scores, strict=True):
                best = score(file, bundle.panel, true_dosages, bundle.manifest.build, known_ancestry)
                if isinstance(best, Score) and reported["reported"]:
                    exact = percentile(best.value, best.panel_scores)
                    shifts.append(abs(exact - reported["percentile"]))
                    inside.append(reported["percentile_low"] - 0.01 <= exact <= reported["percentile_high"] + 0.01)
            tell(f"{person}: r² {accuracy(known)['r2']}, {seconds[-1]:.1f} s")
    if not compared:
        raise InputError(f"none of the {people} people passed quality control at depth {depth:g}")
    return {
        "people": people,
        "depth_x": depth,
        "failed": failed,
        "accuracy": accuracy(pool(compared)),
        "ancestry_error_mean": round(float(np.mean(ancestry_errors)), 4),
        "ancestry_error_max": round(float(np.max(ancestry_errors)), 4),
        "ancestry_interval_coverage": round(float(np.mean(enclosed)), 3),
        "score_percentile_error_mean": round(float(np.mean(shifts)), 3) if shifts else None,
        "score_band_coverage": round(float(np.mean(inside)), 3) if inside else None,
        "seconds_per_person": round(float(np.mean(seconds)), 2),
    }


def _read_dosages(vcf: Path, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    """What was delivered, read back from the file: rounding is part of what is measured."""
    import pysam

    with pysam.VariantFile(str(vcf)) as file:
        cells = [str(record).rstrip("\n").rsplit(":", 1)[1].split(",") for record in file]
    gp = np.array(cells, np.float32)
    return _split(gp, panel)


def _as_dosages(truth: Any, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    return _split(np.eye(3, dtype=np.float32)[truth.astype(int)], panel)


def _split(gp: Any, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    edges = np.cumsum([0, *(len(chromosome.position) for chromosome in panel)])
    parts = [gp[start:end] for start, end in pairwise(edges)]
    return [Dosages(part[:, 1] + 2 * part[:, 2], part, part.argmax(axis=1).astype(np.int8)) for part in parts]

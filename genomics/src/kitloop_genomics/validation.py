"""Simulate people whose genotypes are known, analyse them, and say how close the analysis comes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.accuracy import accuracy, compare, pool
from kitloop_genomics.ancestry.estimate import Ancestry
from kitloop_genomics.arrays.calls import calls
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.pipeline import analyse, analyse_array
from kitloop_genomics.sandbox.array import SimulatedArray, simulate_array
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.scores.score import Score, percentile, score


def validate(
    demo: Demo,
    *,
    people: int = 10,
    depth: float = 1.0,
    threads: int = 1,
    seed: str = "validate",
    arrays: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Figures over `people` synthetic, held-out people at `depth`, or from `arrays`, an export of each vendor in turn.

    accuracy: of dosages, over all sites of all people together; accuracy_untyped, of arrays only, over the sites that the
    person's array doesn't hold.  ancestry_error_mean, _max: absolute, per share; ancestry_interval_coverage: share of true
    shares inside the stated 95 % interval, give or take 0.005.  score_percentile_error_mean and score_band_coverage (share
    of true percentiles inside the stated 90 % band).  failed: ids that didn't pass quality control; they count in none of
    the figures.
    """
    bundle = open_bundle(demo.bundle)
    score_files = [read_scoring_file(path) for path in bundle.score_files]
    compared, untyped, failed, seconds = [], [], [], []
    ancestry_errors: list[float] = []
    shifts: list[float] = []
    inside: list[bool] = []
    enclosed: list[bool] = []
    for number in range(1, people + 1):
        person = f"{seed}-{number}"
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            made: SimulatedArray | SimulatedReads
            if arrays:
                vendor = list(Vendor)[number % len(Vendor)]
                made = simulate_array(demo, person, vendor, Path(folder) / "genome.zip")
                result = analyse_array(bundle, made.export, sample_id=person, out=out, threads=threads)
            else:
                made = simulate_reads(demo, person, Path(folder) / "reads", depth=depth)
                result = analyse(bundle, made.r1, made.r2, sample_id=person, out=out, threads=threads)
            seconds.append(sum(step.seconds for step in result.steps))
            if result.status != "succeeded" or result.ancestry is None:
                failed.append(person)
                tell(f"{person}: failed, {', '.join(reason.code for reason in result.reasons)}")
                continue
            imputed = _read_dosages(out / "imputed.vcf.gz", bundle.panel.chromosomes)
            known = compare(made.truth_vcf, bundle.panel.chromosomes, imputed)
            compared.append(known)
            if isinstance(made, SimulatedArray):
                untyped.append(compare(made.truth_vcf, bundle.panel.chromosomes, imputed, _typed(made.export, bundle)))
            truth = json.loads(made.truth_json.read_text())["ancestry"]["populations"]
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
        source = "from arrays" if arrays else f"at depth {depth:g}"
        raise InputError(f"none of the {people} people passed quality control {source}")
    return {
        "people": people,
        "depth_x": None if arrays else depth,
        "failed": failed,
        "accuracy": accuracy(pool(compared)),
        **({"accuracy_untyped": accuracy(pool(untyped))} if untyped else {}),
        "ancestry_error_mean": round(float(np.mean(ancestry_errors)), 4),
        "ancestry_error_max": round(float(np.max(ancestry_errors)), 4),
        "ancestry_interval_coverage": round(float(np.mean(enclosed)), 3),
        "score_percentile_error_mean": round(float(np.mean(shifts)), 3) if shifts else None,
        "score_band_coverage": round(float(np.mean(inside)), 3) if inside else None,
        "seconds_per_person": round(float(np.mean(seconds)), 2),
    }


def _typed(export: Path, bundle: Bundle) -> list[NDArray[np.bool_]]:
    """(M,) per chromosome: the panel's sites that the array has a call for."""
    placed = calls(read_export(export), bundle.panel, bundle.manifest.build, read_positions(bundle.positions_file))
    return [one.depth > 0 for one in placed.found]


def _read_dosages(vcf: Path, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    """What was delivered, read back from the file: rounding is part of what is measured."""
    import pysam

    with pysam.VariantFile(str(vcf)) as file:
        # GT:DS:GP, behind which a phase set may stand.
        cells = [str(record).rstrip("\n").rsplit("\t", 1)[1].split(":")[2].split(",") for record in file]
    gp = np.array(cells, np.float32)
    return _split(gp, panel)


def _as_dosages(truth: Any, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    return _split(np.eye(3, dtype=np.float32)[truth.astype(int)], panel)


def _split(gp: Any, panel: tuple[PanelChromosome, ...]) -> list[Dosages]:
    edges = np.cumsum([0, *(len(chromosome.position) for chromosome in panel)])
    parts = [gp[start:end] for start, end in pairwise(edges)]
    return [Dosages(part[:, 1] + 2 * part[:, 2], part, part.argmax(axis=1).astype(np.int8)) for part in parts]

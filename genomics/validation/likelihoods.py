"""Our genotype likelihoods beside those of bcftools (mpileup, then call with the panel's alleles) on the same BAM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods.likelihoods import likelihoods
from kitloop_genomics.likelihoods.pileup import MIN_BASE_QUALITY, MIN_MAPQ, observe
from numpy.typing import NDArray

from validation.measured import Measured, measured

GROUP = "likelihoods and bcftools"


def compare_likelihoods(bam: Path, bundle: Bundle, work: Path) -> list[Measured]:
    """Over the panel's single-base sites that stand alone at their position.

    Seen alike: sites that both have reads at or both haven't. Dosage: what the likelihoods say with the panel's
    frequency as the prior, where both have reads; its squared correlation, the mean absolute difference, and the share
    of sites where it differs by more than 0.2.
    """
    chromosomes = bundle.panel.chromosomes
    used = [_alone(one) for one in chromosomes]
    theirs = _bcftools(bam, bundle, used, work)
    found = zip(observe(bam, chromosomes), chromosomes, strict=True)
    ours = [likelihoods(seen, len(one.position)).genotype for seen, one in found]
    mine, other, frequency = (
        np.concatenate([rows[use] for rows, use in zip(every, used, strict=True)])
        for every in (ours, theirs, [one.alt_frequency for one in chromosomes])
    )
    seen, seen_by_other = ((rows != 1).any(axis=1) for rows in (mine, other))
    both = seen & seen_by_other
    dosage, other_dosage = (_dosage(rows[both], frequency[both]) for rows in (mine, other))
    difference = np.abs(dosage - other_dosage)
    return measured(
        GROUP,
        {
            "sites seen alike": float((seen == seen_by_other).mean()),
            "dosage, r²": float(np.corrcoef(dosage, other_dosage)[0, 1] ** 2),
            "dosage, mean difference": float(difference.mean()),
            "dosage off by more than 0.2": float((difference > 0.2).mean()),
        },
    )


def _alone(one: PanelChromosome) -> NDArray[np.bool_]:
    gap = np.diff(one.position) > 0
    return np.asarray(one.readable & np.concatenate([[True], gap]) & np.concatenate([gap, [True]]))


def _dosage(likelihood: NDArray[np.float32], frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    prior = np.stack([(1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2], axis=1)
    weights = likelihood * prior
    return np.asarray((weights[:, 1] + 2 * weights[:, 2]) / weights.sum(axis=1))


def _bcftools(bam: Path, bundle: Bundle, used: list[NDArray[np.bool_]], work: Path) -> list[NDArray[np.float32]]:
    """(M, 3) per chromosome from PL, the likeliest 1; rows of ones where it says nothing."""
    table, piled, called = work / "sites.tsv", work / "piled.bcf", work / "called.bcf"
    rows = [
        f"{one.name}\t{at}\t{chr(ref)},{chr(alt)}\n"
        for one, use in zip(bundle.panel.chromosomes, used, strict=True)
        for at, ref, alt in zip(one.position[use], one.ref[use], one.alt[use], strict=True)
    ]
    table.write_text("".join(rows))
    sites = pysam.tabix_index(str(table), force=True, seq_col=0, start_col=1, end_col=1)
    pysam.set_verbosity(0)  # htslib finds fault with a header line of bcftools' own
    # As we do: no BAQ, pairs of any kind, the same least qualities; insertions and deletions left out.
    pysam.bcftools.mpileup(
        "-f", str(bundle.reference), "-T", sites, "-q", str(MIN_MAPQ), "-Q", str(MIN_BASE_QUALITY), "-B", "-A", "-I",
        "-Ou", "-o", str(piled), str(bam), catch_stdout=False,
    )  # fmt: skip
    pysam.bcftools.call(
        "-C", "alleles", "-T", sites, "-m", "-A", "-Ob", "-o", str(called), str(piled), catch_stdout=False
    )
    result = {one.name: np.ones((len(one.position), 3), np.float32) for one in bundle.panel.chromosomes}
    place = {
        (one.name, int(at)): row for one in bundle.panel.chromosomes for row, at in enumerate(one.position.tolist())
    }
    pysam.bcftools.index(str(called), catch_stdout=False)
    with pysam.VariantFile(str(called)) as file:
        for record in file:
            phred = record.samples[0].get("PL")
            if phred and None not in phred and len(phred) == 3:
                result[record.chrom][place[record.chrom, record.pos]] = 10 ** (np.array(phred) / -10)
    return [result[one.name] for one in bundle.panel.chromosomes]

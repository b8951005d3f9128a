"""The imputed genotypes as a bgzipped, indexed VCF (version 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.decimals import decimals
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.writing import writing

_GT, _PHASED = ("0/0", "0/1", "1/1"), ("0|0", "1|0", "0|1", "1|1")
_AT_ONCE = 65_536  # sites whose lines are in memory


def write_vcf(
    path: Path, panel: Sequence[PanelChromosome], dosages: Iterable[Dosages], contigs: dict[str, int], sample_id: str
) -> None:
    """Write `path` (ending in .vcf.gz) with `.tbi` and `.csi`: one row per panel site, all of them.

    `dosages` may come one after the other, and each is let go when it is written.
    """
    with writing(path):
        with pysam.BGZFile(str(path), "wb", None) as stream:
            stream.write(_header(contigs, sample_id).encode())
            for chromosome, imputed in zip(panel, dosages, strict=True):
                for lines in _lines(chromosome, imputed):
                    stream.write(lines.encode())
        pysam.tabix_index(str(path), preset="vcf", force=True)
        pysam.tabix_index(str(path), preset="vcf", force=True, csi=True)


def information(
    gp: NDArray[np.float32], frequency: NDArray[np.float64], copies: NDArray[np.uint8] | None = None
) -> NDArray[np.float64]:
    """(M,) IMPUTE's information measure of one person, 0 to 1: how much of what was open the genotype's posterior settles.

    gp: (M, 3).  frequency: (M,) of ALT in the panel.  copies: (M,) that the person has, two if it isn't given; with one, n
    is a half, and of none the measure is 0.

    The measure is 1 - sum of the persons' variances / (2 n p (1 - p))
    (Marchini and Howie 2010, 10.1038/nrg2796). With one person, p from their own dosage would divide their variance by
    itself, so it is the panel's: the measure is then the squared correlation with the truth that is to be expected.
    """
    mean = gp[:, 1] + 2.0 * gp[:, 2]
    variance = np.maximum(gp[:, 1] + 4.0 * gp[:, 2] - mean**2, 0)
    open_before = (2.0 if copies is None else copies) * frequency * (1 - frequency)
    found = np.zeros(len(gp))
    np.divide(variance, open_before, out=found, where=open_before > 0)
    return np.where(open_before > 0, np.clip(1 - found, 0, 1), 0.0)


def _header(contigs: dict[str, int], sample_id: str) -> str:
    lines = ["##fileformat=VCFv4.3", "##source=kitloop-genomics"]
    lines += ['##FILTER=<ID=PASS,Description="All filters passed">']
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    lines += [
        '##INFO=<ID=RAF,Number=A,Type=Float,Description="Frequency of ALT in the reference panel">',
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT in this file, from its dosages">',
        '##INFO=<ID=INFO,Number=A,Type=Float,Description="IMPUTE information measure of the one sample in this file, 0 to 1: '
        '1 - variance of the copies of ALT by GP / (2 RAF (1 - RAF), half of it of one copy), the variance that the panel lets expect">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Likeliest genotype, phased along each chromosome, '
        'or each phase set where PS is given">',
        '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected copies of ALT, 0 to as many as there are">',
        '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posterior of 0, 1 and, of two copies, 2 of ALT">',
        '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set, by the position of its first site; '
        'on chromosomes with several">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample_id}",
    ]
    return "\n".join(lines) + "\n"


def _lines(panel: PanelChromosome, imputed: Dosages) -> Iterator[str]:
    frequency = panel.alt_frequency
    keys = "GT:DS:GP" if imputed.phase_set is None else "GT:DS:GP:PS"
    for first in range(0, len(panel.position), _AT_ONCE):
        last = min(first + _AT_ONCE, len(panel.position))
        here = slice(first, last)
        info = information(imputed.gp[here], frequency[here], None if imputed.copies is None else imputed.copies[here])
        columns = zip(
            panel.position[here].tolist(), panel.ids[here], *panel.alleles(first, last), _frequencies(frequency[here]),
            _own_frequencies(imputed, here), decimals(info, 3), _entries(panel.position, imputed, here), strict=True,
        )  # fmt: skip
        yield "".join(
            f"{panel.name}\t{position}\t{name}\t{ref}\t{alt}\t.\tPASS\tRAF={raf};AF={af};INFO={settled}\t{keys}\t{entry}\n"
            for position, name, ref, alt, raf, af, settled, entry in columns
        )


def _frequencies(frequency: NDArray[np.float64]) -> list[str]:
    """Five digits of each. They are of so many haplotypes, so there are few different ones."""
    different, which = np.unique(frequency, return_inverse=True)
    texts = [f"{value:.5g}" for value in different.tolist()]
    return [texts[at] for at in which.tolist()]


def _entries(position: NDArray[np.int64], imputed: Dosages, here: slice) -> list[str]:
    """GT:DS:GP, and PS if there are several, of each site. Of one copy GT has one allele and GP two values; of none all is missing.

    GT is phased where phase is known; which chromosome stands first is arbitrary, but the same along a phase set.
    """
    if imputed.phased is None:
        calls = [_GT[gt] for gt in imputed.gt[here].tolist()]
    else:
        calls = [_PHASED[first + 2 * second] for first, second in imputed.phased[here].tolist()]
    gp = imputed.gp[here]
    columns = zip(
        calls, decimals(imputed.dosage[here], 4), *(decimals(gp[:, copies], 4) for copies in range(3)), strict=True
    )
    found = [f"{gt}:{ds}:{none},{one},{two}" for gt, ds, none, one, two in columns]
    if imputed.copies is not None:
        for at in np.flatnonzero(imputed.copies[here] < 2).tolist():
            site = here.start + at
            of_one = f"{imputed.gt[site]}:{imputed.dosage[site]:.4f}:{gp[at, 0]:.4f},{gp[at, 1]:.4f}"
            found[at] = of_one if imputed.copies[site] else ".:.:."
    if imputed.phase_set is not None:
        first = imputed.phase_set[here]
        sets = np.where(first >= 0, position[first], 0).tolist()
        found = [f"{entry}:{at or '.'}" for entry, at in zip(found, sets, strict=True)]
    return found


def _own_frequencies(imputed: Dosages, here: slice) -> list[str]:
    """AF of each site, of as many copies as there are; missing of none."""
    if imputed.copies is None:
        return decimals(imputed.dosage[here] / 2, 4)
    copies = imputed.copies[here]
    found = decimals(imputed.dosage[here] / np.maximum(copies, 1), 4)
    return [text if count else "." for text, count in zip(found, copies.tolist(), strict=True)]

"""The imputed genotypes as a bgzipped, indexed VCF (version 4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.model import Dosages

_GT = ("0/0", "0/1", "1/1")
_AT_ONCE = 65_536  # sites whose lines are in memory


def write_vcf(
    path: Path, panel: tuple[PanelChromosome, ...], dosages: list[Dosages], contigs: dict[str, int], sample_id: str
) -> None:
    """Write `path` (ending in .vcf.gz) with `.tbi` and `.csi`: one row per panel site, all of them."""
    with pysam.BGZFile(str(path), "wb", None) as stream:
        stream.write(_header(contigs, sample_id).encode())
        for chromosome, imputed in zip(panel, dosages, strict=True):
            for lines in _lines(chromosome, imputed):
                stream.write(lines.encode())
    pysam.tabix_index(str(path), preset="vcf", force=True)
    pysam.tabix_index(str(path), preset="vcf", force=True, csi=True)


def information(gp: NDArray[np.float32], frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M,) IMPUTE's information measure of one person, 0 to 1: how much of what was open the genotype's posterior settles.

    gp: (M, 3).  frequency: (M,) of ALT in the panel.  The measure is 1 - sum of the persons' variances / (2 n p (1 - p))
    (Marchini and Howie 2010, 10.1038/nrg2796). With one person, p from their own dosage would divide their variance by
    itself, so it is the panel's: the measure is then the squared correlation with the truth that is to be expected.
    """
    copies = gp[:, 1] + 2.0 * gp[:, 2]
    variance = np.maximum(gp[:, 1] + 4.0 * gp[:, 2] - copies**2, 0)
    return np.asarray(np.clip(1 - variance / (2 * frequency * (1 - frequency)), 0, 1))


def _header(contigs: dict[str, int], sample_id: str) -> str:
    lines = ["##fileformat=VCFv4.3", "##source=kitloop-genomics"]
    lines += ['##FILTER=<ID=PASS,Description="All filters passed">']
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    lines += [
        '##INFO=<ID=RAF,Number=A,Type=Float,Description="Frequency of ALT in the reference panel">',
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT in this file, from its dosages">',
        '##INFO=<ID=INFO,Number=A,Type=Float,Description="IMPUTE information measure of the one sample in this file, 0 to 1: '
        '1 - variance of the copies of ALT by GP / (2 RAF (1 - RAF)), the variance that the panel lets expect">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Likeliest genotype, phased along each chromosome">',
        '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected copies of ALT, 0 to 2">',
        '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posterior of 0, 1 and 2 copies of ALT">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample_id}",
    ]
    return "\n".join(lines) + "\n"


def _lines(panel: PanelChromosome, imputed: Dosages) -> Iterator[str]:
    frequency = panel.alt_frequency
    info = information(imputed.gp, frequency)
    for first in range(0, len(panel.position), _AT_ONCE):
        last = min(first + _AT_ONCE, len(panel.position))
        here = slice(first, last)
        columns = zip(
            panel.position[here].tolist(), panel.ids[here], *panel.alleles(first, last), frequency[here].tolist(),
            info[here].tolist(), imputed.dosage[here].tolist(), _genotypes(imputed, here), imputed.gp[here].tolist(),
            strict=True,
        )  # fmt: skip
        yield "".join(
            f"{panel.name}\t{position}\t{name}\t{ref}\t{alt}\t.\tPASS\tRAF={raf:.5g};AF={ds / 2:.4f};INFO={settled:.3f}\t"
            f"GT:DS:GP\t{gt}:{ds:.4f}:{gp[0]:.4f},{gp[1]:.4f},{gp[2]:.4f}\n"
            for position, name, ref, alt, raf, settled, ds, gt, gp in columns
        )


def _genotypes(imputed: Dosages, here: slice) -> list[str]:
    """Phased where phase is known; which chromosome stands first is arbitrary, but the same along a chromosome."""
    if imputed.phased is None:
        return [_GT[gt] for gt in imputed.gt[here].tolist()]
    return [f"{first}|{second}" for first, second in imputed.phased[here].tolist()]

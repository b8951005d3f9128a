"""The imputed genotypes as a bgzipped, indexed VCF (version 4.3)."""

from __future__ import annotations

from pathlib import Path

import pysam

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.model import Dosages

_GT = ("0/0", "0/1", "1/1")


def _genotypes(imputed: Dosages) -> list[str]:
    """Phased where phase is known; which chromosome stands first is arbitrary, but the same along a chromosome."""
    if imputed.phased is None:
        return [_GT[gt] for gt in imputed.gt.tolist()]
    return [f"{first}|{second}" for first, second in imputed.phased.tolist()]


def write_vcf(
    path: Path, panel: tuple[PanelChromosome, ...], dosages: list[Dosages], contigs: dict[str, int], sample_id: str
) -> None:
    """Write `path` (ending in .vcf.gz) with `.tbi` and `.csi`: one row per panel site, all of them."""
    with pysam.BGZFile(str(path), "wb", None) as stream:
        stream.write(_header(contigs, sample_id).encode())
        for chromosome, imputed in zip(panel, dosages, strict=True):
            stream.write("".join(_rows(chromosome, imputed)).encode())
    pysam.tabix_index(str(path), preset="vcf", force=True)
    pysam.tabix_index(str(path), preset="vcf", force=True, csi=True)


def _header(contigs: dict[str, int], sample_id: str) -> str:
    lines = ["##fileformat=VCFv4.3", "##source=kitloop-genomics"]
    lines += ['##FILTER=<ID=PASS,Description="All filters passed">']
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    lines += [
        '##INFO=<ID=RAF,Number=A,Type=Float,Description="Frequency of ALT in the reference panel">',
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency of ALT in this file, from its dosages">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Likeliest genotype, phased along each chromosome">',
        '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Expected copies of ALT, 0 to 2">',
        '##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posterior of 0, 1 and 2 copies of ALT">',
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample_id}",
    ]
    return "\n".join(lines) + "\n"


def _rows(panel: PanelChromosome, imputed: Dosages) -> list[str]:
    refs, alts = panel.ref.tobytes().decode(), panel.alt.tobytes().decode()
    columns = zip(
        panel.position.tolist(), panel.ids, refs, alts, panel.alt_frequency.tolist(), imputed.dosage.tolist(),
        _genotypes(imputed), imputed.gp.tolist(), strict=True,
    )  # fmt: skip
    return [
        f"{panel.name}\t{position}\t{name}\t{ref}\t{alt}\t.\tPASS\tRAF={raf:.5g};AF={ds / 2:.4f}\tGT:DS:GP\t"
        f"{gt}:{ds:.4f}:{gp[0]:.4f},{gp[1]:.4f},{gp[2]:.4f}\n"
        for position, name, ref, alt, raf, ds, gt, gp in columns
    ]

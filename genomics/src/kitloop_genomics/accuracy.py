"""How close imputed dosages are to known genotypes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages, read_by

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 1.01)
MAF_EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True, slots=True)
class Compared:
    """S sites with known genotype: truth (S,) 0 to 2, dosage (S,), gt (S,), maf (S,) in the panel.

    confidence: (S,) posterior of the called genotype.
    """

    truth: NDArray[np.float64]
    dosage: NDArray[np.float64]
    gt: NDArray[np.int64]
    maf: NDArray[np.float64]
    confidence: NDArray[np.float64]


class TruthReader:
    """Pairs imputed and true genotypes at panel sites.

    typed: (M,) per chromosome of the panel, sites that may be left out. `InputError` if the truth can't be read.
    """

    def __init__(self, truth_vcf: Path, typed: Iterable[NDArray[np.bool_]] | None = None) -> None:
        self._path, self._known = truth_vcf, read_truth(truth_vcf)
        self._typed = None if typed is None else iter(typed)
        self._parts: list[tuple[NDArray[Any], ...]] = []
        self._of_typed: list[NDArray[np.bool_]] = []

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        truth = np.fromiter((self._known.get((chromosome.name, *key), -1) for key in chromosome.variants()), np.int64)
        at = truth >= 0
        if self._typed is not None:
            self._of_typed.append(next(self._typed)[at])
        frequency = chromosome.alt_frequency[at]
        self._parts.append((
            truth[at].astype(float), imputed.dosage[at].astype(float), imputed.gt[at].astype(np.int64),
            np.minimum(frequency, 1 - frequency), imputed.gp[at].max(axis=1).astype(float),
        ))  # fmt: skip

    def result(self) -> Compared:
        """All that was read. `InputError` if the truth shares no site with it."""
        return self._compared([np.concatenate(column) for column in zip(*self._parts, strict=True)])

    def untyped(self) -> Compared:
        """The same without the typed sites."""
        kept = ~np.concatenate(self._of_typed)
        return self._compared([np.concatenate(column)[kept] for column in zip(*self._parts, strict=True)])

    def _compared(self, columns: list[NDArray[Any]]) -> Compared:
        if not len(columns[0]):
            raise InputError(f"the truth {self._path} shares no site with the panel")
        return Compared(*columns)


def compare(
    truth_vcf: Path,
    panel: Sequence[PanelChromosome],
    imputed: Iterable[Dosages],
    leave_out: Iterable[NDArray[np.bool_]] | None = None,
) -> Compared:
    """What `TruthReader` finds in chromosomes that come one after the other, without the sites of `leave_out` if given."""
    reader = read_by(TruthReader(truth_vcf, leave_out), panel, imputed)
    return reader.result() if leave_out is None else reader.untyped()


def read_truth(truth_vcf: Path) -> dict[tuple[str, int, str, str], int]:
    """Copies of ALT by chromosome, position, REF and ALT, of the sites whose genotype is whole. `InputError` if it can't be read."""
    known: dict[tuple[str, int, str, str], int] = {}
    try:
        with pysam.VariantFile(str(truth_vcf)) as file:
            for record in file:
                fields = str(record).rstrip("\n").split("\t")
                alleles = fields[9].split(":", 1)[0].replace("|", "/").split("/")
                if len(alleles) in (1, 2) and set(alleles) <= {"0", "1"}:
                    key = (fields[0], int(fields[1]), fields[3], fields[4])
                    known[key] = alleles.count("1")
    except NotImplementedError as error:  # htslib can't go back in it
        raise InputError(f"the truth {truth_vcf} is compressed with gzip: unpack it, or use bgzip") from error
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"the truth {truth_vcf} can't be read: {error}") from error
    return known


def pool(several: list[Compared]) -> Compared:
    """All people's sites as one: aggregate figures are taken over this."""
    return Compared(
        np.concatenate([one.truth for one in several]),
        np.concatenate([one.dosage for one in several]),
        np.concatenate([one.gt for one in several]),
        np.concatenate([one.maf for one in several]),
        np.concatenate([one.confidence for one in several]),
    )


def accuracy(compared: Compared) -> dict[str, Any]:
    """Squared correlation of dosage and truth over all sites, above 5 % MAF and by MAF bin; NRC.

    nrc, non-reference concordance: of the sites where truth or call carries ALT, the share where they agree.
    A figure is None where truth or dosage does not vary.
    """
    carried = (compared.truth > 0) | (compared.gt > 0)
    agree = compared.truth == compared.gt
    common = compared.maf > 0.05
    bins = []
    for low, high in itertools.pairwise(MAF_EDGES):
        inside = (compared.maf > low) & (compared.maf <= high)
        bins.append(
            {"maf_above": low, "maf_to": high, "sites": int(inside.sum()), "r2": _r2(compared, inside)}
        )  # fmt: skip
    return {
        "sites": len(compared.truth),
        "r2": _r2(compared, np.ones(len(compared.truth), bool)),
        "r2_maf_above_5_percent": _r2(compared, common),
        "nrc": round(float(agree[carried].mean()), 5) if carried.any() else None,
        "by_maf": bins,
    }


def calibration(compared: Compared) -> dict[str, Any]:
    """Mean confidence beside the share of genotypes that are right, at sites above 5 % MAF.

    overconfidence: how much surer than right it is on the whole, negative if less.  by_confidence: the same by bin.
    """
    common = compared.maf > 0.05
    sure, right = compared.confidence[common], (compared.truth == compared.gt)[common]
    bins = []
    for low, high in itertools.pairwise(CONFIDENCE_EDGES):
        inside = (sure > low) & (sure <= high)
        count = int(inside.sum())
        bins.append(
            {
                "above": low,
                "to": high,
                "sites": count,
                "confidence": round(float(sure[inside].mean()), 5) if count else None,
                "right": round(float(right[inside].mean()), 5) if count else None,
            }
        )
    return {
        "confidence": round(float(sure.mean()), 5) if len(sure) else None,
        "right": round(float(right.mean()), 5) if len(sure) else None,
        "overconfidence": round(float(sure.mean() - right.mean()), 5) if len(sure) else 0.0,
        "by_confidence": bins,
    }


def _r2(compared: Compared, use: NDArray[np.bool_]) -> float | None:
    truth, dosage = compared.truth[use], compared.dosage[use]
    if len(truth) < 2 or truth.std() == 0 or dosage.std() == 0:
        return None
    return round(float(np.corrcoef(truth, dosage)[0, 1] ** 2), 5)

"""A sample's fingerprint: what it shows at some thousand common sites, small enough to keep beside the sample's row.

Two fingerprints of one bundle tell whether two samples are of one person or of close relatives (`identity`), without
their genomes. It is genetic data of a person all the same, and is to be kept as such.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages

SCHEMA = "kitloop-fingerprint/1"
SITES = 4_096
BLOCKS = 20
_MIN_MAF = 0.1
_STEP = 0.1  # nats per unit of a stored likelihood: 255 of them are 25 nats
_DOUBT = 1e-3  # of each imputed genotype, so that none is ruled out


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """likelihood: (S, 3) of 0, 1, 2 copies of ALT, scaled to 1.  frequency: (S,) of ALT, as the person's ancestry has it.

    block: (S,) which stretch of the genome a site is of, for the error of what is estimated.  sites: hash of the places
    and alleles; only fingerprints of the same sites can be compared.
    """

    sample_id: str
    sites: str
    likelihood: NDArray[np.float64]
    frequency: NDArray[np.float64]
    block: NDArray[np.int64]

    def as_json(self) -> dict[str, Any]:
        """`fingerprint.json`: three arrays of bytes in base64, about 30 kB in all."""
        units = np.clip(np.round(-np.log(np.maximum(self.likelihood, 1e-12)) / _STEP), 0, 255)
        return {
            "schema": SCHEMA,
            "sample_id": self.sample_id,
            "sites": self.sites,
            "count": len(self.frequency),
            "likelihood": _text(units),
            "frequency": _text(np.clip(np.round(self.frequency * 256), 1, 255)),
            "block": _text(self.block),
        }


class FingerprintReader:
    """share: (P,) ancestry, None for the whole panel's frequencies.

    Imputation takes the neighbourhood's reads into account, so at 0.4x nearly every site tells something. What it
    says is posterior = prior x likelihood, so the posterior is divided by what frequency and chance would give.
    """

    def __init__(self, panel: Panel, share: NDArray[np.float64] | None) -> None:
        self._panel, self._share, self._common = panel, share, common_sites(panel)
        self._parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        at = self._common[len(self._parts)]
        among = population_frequencies(self._panel, chromosome, at)
        p = np.clip(chromosome.alt_frequency[at] if self._share is None else among @ self._share, 0.01, 0.99)
        prior = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)
        told = (imputed.in_pairs().gp[at].astype(np.float64) * (1 - _DOUBT) + _DOUBT / 3) / prior
        self._parts.append((told / told.max(axis=1, keepdims=True), p))

    def result(self, sample_id: str) -> Fingerprint:
        """The fingerprint of the sample whose every chromosome was read."""
        likelihood, frequency = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        block = np.arange(len(frequency)) * BLOCKS // max(len(frequency), 1)
        return Fingerprint(sample_id, hash_of_sites(self._panel, self._common), likelihood, frequency, block)


def hash_of_sites(panel: Panel, common: list[NDArray[np.int64]]) -> str:
    """What `Fingerprint.sites` is for samples of this panel, whose `common_sites` are given."""
    lines: list[str] = []
    for chromosome, at in zip(panel.chromosomes, common, strict=True):
        places = zip(
            chromosome.position[at].tolist(), chromosome.ref[at].tolist(), chromosome.alt[at].tolist(), strict=True
        )
        lines += [f"{chromosome.name}:{position}:{chr(ref)}:{chr(alt)}" for position, ref, alt in places]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def common_sites(panel: Panel) -> list[NDArray[np.int64]]:
    """Per chromosome, indices of at most 4,096 sites in all: one of each stretch of even length, the most common there."""
    length = sum(int(chromosome.position[-1] - chromosome.position[0]) + 1 for chromosome in panel.chromosomes)
    stretch = max(length / SITES, 1.0)
    found = []
    for chromosome in panel.chromosomes:
        frequency = chromosome.alt_frequency
        maf = np.where(chromosome.readable, np.minimum(frequency, 1 - frequency), 0)
        of = ((chromosome.position - chromosome.position[0]) / stretch).astype(np.int64)
        edges = np.flatnonzero(np.diff(of, prepend=-1, append=-1))
        best = [start + int(maf[start:end].argmax()) for start, end in pairwise(edges)]
        found.append(np.array([site for site in best if maf[site] >= _MIN_MAF], np.int64))
    return found


def read_fingerprint(path: Path) -> Fingerprint:
    """Read `fingerprint.json`, or the one in a run's folder. `InputError` if it can't be used."""
    if path.is_dir():
        path = path / "fingerprint.json"
    try:
        content = json.loads(path.read_text())
        if content["schema"] != SCHEMA:
            raise ValueError(f"its schema is {content['schema']}")
        count = int(content["count"])
        likelihood = np.exp(-_STEP * _bytes(content["likelihood"], 3 * count).reshape(count, 3))
        frequency = _bytes(content["frequency"], count) / 256
        return Fingerprint(
            str(content["sample_id"]), str(content["sites"]), likelihood, np.clip(frequency, 1 / 256, 255 / 256),
            _bytes(content["block"], count).astype(np.int64),
        )  # fmt: skip
    except FileNotFoundError:
        raise InputError(
            f"there is no fingerprint {path}: only finished runs that passed quality control leave one"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Give the fingerprint.json of a finished run, or the run's folder"
        raise InputError(f"the fingerprint {path} can't be read ({error!r}). {remedy}") from error


def _text(values: NDArray[Any]) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()


def _bytes(text: str, count: int) -> NDArray[np.float64]:
    found = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    if len(found) != count:
        raise ValueError(f"{len(found)} values where {count} should be")
    return found.astype(np.float64)

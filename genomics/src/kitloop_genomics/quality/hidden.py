"""What imputation says of stretches whose reads it isn't shown, beside those reads.

The reads of every fourth stretch of 20 kb are set aside and the rest is imputed. Dividing a site's own reads out of its
posterior would spare that. But the posterior comes from few draws of mosaics, which those reads have shaped: at 0.4x the
quotient called half of the panel's own people strangers, of a panel of 120 all, and people half from outside it mixed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.imputation.chunks import Chunk, choose_preset, chunks_of, impute_chunks, told
from kitloop_genomics.imputation.reading import allowing_for_errors
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import NOTHING, Observations
from kitloop_genomics.quality.astray import allowing_for_a_stranger
from kitloop_genomics.quality.certainty import COMMON_MAF

HIDDEN_BP, QUARTERS = 20_000, (2, 0, 1, 3)
_ENOUGH_CM = 160.0  # of the genome, evenly chosen: ten times what tells, and a twentieth of a human one
_PAIRS = 9


@dataclass(frozen=True, slots=True)
class Hidden:
    """S covered common sites whose reads were set aside, in the order of the panel.

    stretch: (S,) int64, never falling, by which of the hidden stretches, from 0.  predicted: (S, 3) float64, chances of
    0, 1, 2 copies of ALT by imputation without those reads.  likelihood: (S, 3) float32 of the reads, as imputation takes
    them.  expected: (S,) frequency of ALT among people of the same ancestry.  frequency: (1 + P, S) in the panel and in each
    of its populations.  seen: the reads, by index into S; none of an array.
    """

    stretch: NDArray[np.int64]
    predicted: NDArray[np.float64]
    likelihood: NDArray[np.float32]
    expected: NDArray[np.float64]
    frequency: NDArray[np.float64]
    seen: Observations

    @property
    def stretches(self) -> int:
        return int(self.stretch[-1]) + 1 if len(self.stretch) else 0

    @property
    def anyone(self) -> NDArray[np.float64]:
        """(S, 3) chances of 0, 1, 2 copies of ALT of anybody of that ancestry."""
        p = self.expected
        return np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)


def hide(
    panel: Panel,
    observations: Sequence[Observations] | None,
    found: Sequence[Likelihoods],
    share: NDArray[np.float64],
    *,
    sample: str,
    quarter: int = QUARTERS[0],
    mixed: float = 0.0,
    effective_population_size: float | None = None,
    threads: int = 1,
) -> Hidden:
    """Impute chunks evenly over the genome until there are enough, all of a small one, with a quarter of the stretches hidden.

    share: (P,) ancestry.  quarter: 0 to 3.  mixed: the chance that a read is somebody else's (`allowing_for_a_stranger`).
    Takes chromosomes of which everybody has two, each from the sequences once and one after the other. The same sample
    gives the same, on any number of threads.
    """
    parts = []
    for at, group in itertools.groupby(_choose(panel), key=lambda one: one[0]):
        chunks = [chunk for _, chunk in group]
        chromosome, likely = panel.chromosomes[at], found[at]
        seen = NOTHING if observations is None else _within(observations[at], chunks)
        if mixed:
            likely = allowing_for_a_stranger(panel, chromosome, seen, likely, share, mixed)
        # One chain of many pairs costs no more than the preset's chains of few, and is less sure where it is wrong than one of few.
        usual = choose_preset(told((chromosome,), [likely.genotype]), effective_population_size)
        imputed = impute_chunks(
            (chromosome,), [likely.genotype], [(0, chunk) for chunk in chunks], sample=f"{sample}:hidden",
            preset=replace(usual, chains=1, pairs=_PAIRS), hidden=lambda position: is_hidden(position, quarter), threads=threads,
        )  # fmt: skip
        for chunk, dosages in zip(chunks, imputed, strict=True):
            parts.append(_shown(panel, chromosome, chunk, quarter, dosages.gp, likely, seen, share))
    return together(parts)


def is_hidden(position: NDArray[np.int64], quarter: int) -> NDArray[np.bool_]:
    """(M,) whether the reads of a site are set aside with this quarter of the stretches."""
    return np.asarray((position // HIDDEN_BP) % len(QUARTERS) == quarter)


def together(parts: Sequence[Hidden]) -> Hidden:
    """Several as one, such as all quarters of a small genome; a stretch of each remains one of its own."""
    stretches, sites = (
        np.cumsum([0, *counts]) for counts in ([one.stretches for one in parts], [len(one.stretch) for one in parts])
    )
    seen = [one.seen for one in parts]
    return Hidden(
        np.concatenate([first + one.stretch for first, one in zip(stretches, parts, strict=False)]),
        np.concatenate([one.predicted for one in parts]),
        np.concatenate([one.likelihood for one in parts]),
        np.concatenate([one.expected for one in parts]),
        np.concatenate([one.frequency for one in parts], axis=1),
        Observations(
            np.concatenate([first + one.site for first, one in zip(sites, seen, strict=False)]),
            np.concatenate([one.is_alt for one in seen]),
            np.concatenate([one.error for one in seen]),
        ),
    )


def _choose(panel: Panel) -> list[tuple[int, Chunk]]:
    every = [(at, chunk) for at, chromosome in enumerate(panel.chromosomes) for chunk in chunks_of(chromosome)]
    length = sum(
        float(panel.chromosomes[at].cm[c.core_end - 1] - panel.chromosomes[at].cm[c.core_start]) for at, c in every
    )
    count = len(every) if length <= _ENOUGH_CM else max(1, round(len(every) * _ENOUGH_CM / length))
    return [every[number * len(every) // count] for number in range(count)]


def _within(seen: Observations, chunks: list[Chunk]) -> Observations:
    """Those of the chunks alone: of a large genome they are few."""
    use = np.zeros(len(seen.site), bool)
    for chunk in chunks:
        use[slice(*np.searchsorted(seen.site, (chunk.start, chunk.end)))] = True
    return Observations(seen.site[use], seen.is_alt[use], seen.error[use])


def _shown(
    panel: Panel,
    chromosome: PanelChromosome,
    chunk: Chunk,
    quarter: int,
    gp: NDArray[np.float32],
    likely: Likelihoods,
    seen: Observations,
    share: NDArray[np.float64],
) -> Hidden:
    """Of one chunk's core. gp: (end - start, 3) as imputed."""
    inside = slice(chunk.core_start, chunk.core_end)
    frequency, position = chromosome.alt_frequency[inside], chromosome.position[inside]
    common = (frequency >= COMMON_MAF) & (frequency <= 1 - COMMON_MAF)
    use = np.flatnonzero(common & (likely.depth[inside] > 0) & is_hidden(position, quarter))
    site = chunk.core_start + use
    _, stretch = np.unique(position[use] // HIDDEN_BP, return_inverse=True)
    among = population_frequencies(panel, chromosome, site)
    return Hidden(
        stretch,
        gp[site - chunk.start].astype(np.float64),
        allowing_for_errors(likely.genotype[site]),
        among @ share,
        np.column_stack([frequency[use], among]).T,
        _at(seen, site),
    )


def _at(seen: Observations, site: NDArray[np.int64]) -> Observations:
    """The observations of rising sites, each by its place among these."""
    place = np.searchsorted(site, seen.site)
    use = np.flatnonzero(place < len(site))
    use = use[site[place[use]] == seen.site[use]]
    return Observations(place[use], seen.is_alt[use], seen.error[use])

"""How much of a person's genome is no copy of the panel's people: what imputation says where the reads are hidden from it.

The reads of every fourth stretch of 20 kb are set aside, the rest is imputed, and what it says there is compared with what
the reads show. A stretch is either predicted, or nearly a third of its sites are as likely to be whatever the ancestry's
frequencies allow; the share of the second kind is fitted. Of a person half of whose genome is foreign half the stretches
look so, where a mean over sites dilutes them among those that fit; sites of one stretch err together and count as one.

Dividing a site's own reads out of its posterior would spare the second pass. But the posterior comes from few draws of
mosaics, which those reads have shaped: at 0.4x the quotient called half of the panel's own people strangers, of a panel of 120 all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.imputation.chunks import Chunk, choose_preset, chunks_of, impute_chunks, told
from kitloop_genomics.imputation.reading import allowing_for_errors
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.quality.certainty import COMMON_MAF

OUTSIDE = 0.08  # people of the panel's populations stay below, also where the genome has 10 Mb (README)
HIDDEN_BP, _EVERY = 20_000, 4
_ENOUGH_CM = 160.0  # of the genome, evenly chosen: ten times what tells, and a twentieth of a human one
_STRANGE = 0.3  # of the sites of a stretch that isn't a copy
_SURE = (
    3.0  # nats: the least share that is no more than that less likely than the likeliest, so that few data tell nothing
)
_PAIRS = 9
_SHARES = np.linspace(0, 1, 201)
_FEWEST = 20  # stretches


def unexplained_share(
    panel: Panel,
    found: list[Likelihoods],
    share: NDArray[np.float64],
    *,
    sample: str,
    effective_population_size: float | None = None,
    threads: int = 1,
) -> float | None:
    """At least this share of the genome, 0 to 1, is no copy of the panel's people; None where too little is covered.

    share: (P,) ancestry.  Takes chromosomes of which everybody has two.  The same sample gives the same share, on any
    number of threads.  A mixture of two people's DNA is unexplained, too.
    """
    chosen = _choose(panel)
    genotypes = [one.genotype for one in found]
    # One chain of many pairs costs no more than the preset's chains of few, and is less sure where it is wrong than one of few.
    usual = choose_preset(told(panel.chromosomes, genotypes), effective_population_size)
    preset = replace(usual, chains=1, pairs=_PAIRS)
    parts = impute_chunks(
        panel.chromosomes, genotypes, chosen, sample=f"{sample}:hidden", preset=preset, hidden=hidden, threads=threads
    )
    copied, strange = [], []
    for (at, chunk), dosages in zip(chosen, parts, strict=True):
        chromosome, inside = panel.chromosomes[at], slice(chunk.core_start, chunk.core_end)
        frequency = chromosome.alt_frequency[inside]
        common = (frequency >= COMMON_MAF) & (frequency <= 1 - COMMON_MAF)
        use = common & (found[at].depth[inside] > 0) & hidden(chromosome.position[inside])
        site = chunk.core_start + np.flatnonzero(use)
        likelihood = allowing_for_errors(found[at].genotype[site])
        p = population_frequencies(panel, chromosome, site) @ share
        anyone = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)
        predicted = (dosages.gp[site - chunk.start] * likelihood).sum(axis=1, dtype=np.float64)
        mixed = (1 - _STRANGE) * predicted + _STRANGE * (anyone * likelihood).sum(axis=1)
        _, stretch = np.unique(chromosome.position[site] // HIDDEN_BP, return_inverse=True)
        copied.append(np.bincount(stretch, np.log(predicted)))
        strange.append(np.bincount(stretch, np.log(mixed)))
    return least_share(np.concatenate(copied), np.concatenate(strange)) if copied else None


def hidden(position: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(M,) whether the reads of a site are set aside."""
    return np.asarray((position // HIDDEN_BP) % _EVERY == _EVERY // 2)


def least_share(copied: NDArray[np.float64], strange: NDArray[np.float64]) -> float | None:
    """The least share of strange stretches, of S with log likelihoods as copies and as strange, that isn't unlikely; None for few."""
    if len(copied) < _FEWEST:
        return None
    with np.errstate(divide="ignore"):
        one, other = np.log(1 - _SHARES)[:, None] + copied, np.log(_SHARES)[:, None] + strange
    height = np.logaddexp(one, other).sum(axis=1)
    return float(_SHARES[np.flatnonzero(height >= height.max() - _SURE)[0]])


def _choose(panel: Panel) -> list[tuple[int, Chunk]]:
    """Chunks, evenly over the genome, until there are enough; all of a small one."""
    every = [(at, chunk) for at, chromosome in enumerate(panel.chromosomes) for chunk in chunks_of(chromosome)]
    length = sum(
        float(panel.chromosomes[at].cm[c.core_end - 1] - panel.chromosomes[at].cm[c.core_start]) for at, c in every
    )
    count = len(every) if length <= _ENOUGH_CM else max(1, round(len(every) * _ENOUGH_CM / length))
    return [every[number * len(every) // count] for number in range(count)]

"""From likelihoods to genotypes, ancestry, identity, scores and traits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.accuracy import compare
from kitloop_genomics.ancestry.estimate import estimate_ancestry
from kitloop_genomics.ancestry.picture import picture
from kitloop_genomics.arrays.calls import heterozygosity_ratio
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.imputation.chunks import impute_all
from kitloop_genomics.imputation.vcf import write_vcf
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.quality.certainty import certainty
from kitloop_genomics.quality.fingerprint import fingerprint
from kitloop_genomics.quality.heterozygosity import heterozygosity_sd
from kitloop_genomics.quality.limits import limits
from kitloop_genomics.quality.review import look_at_identity
from kitloop_genomics.quality.strangers import Strangers, look_for_strangers
from kitloop_genomics.quality.unexplained import OUTSIDE
from kitloop_genomics.result import ancestry_json, score_json
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.scores.score import OF_ARRAY, OF_READS, score
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.task import Task
from kitloop_genomics.traits.call import call_trait
from kitloop_genomics.traits.trait_file import read_traits
from kitloop_genomics.writing import write_json


def interpret(found: Findings, task: Task, observed: list[Observations] | None, likely: list[Likelihoods]) -> None:
    """Impute, and read from that what the person is told. `observed` is None for an array."""
    bundle, work = task.bundle, task.work
    panel = bundle.panel
    with task.progress.step("imputation"):
        imputed = impute_all(
            panel.chromosomes, [one.genotype for one in likely], sample=task.sample_id,
            effective_population_size=bundle.manifest.imputation.get("effective_population_size"), threads=task.threads,
            units=task.units, copies=copies_of(bundle, found.karyotype),
        )  # fmt: skip
    with task.progress.step("variants"):
        write_vcf(work / "imputed.vcf.gz", panel.chromosomes, imputed, bundle.contigs, task.sample_id)
    everything, typed = imputed, [one.depth > 0 for one in likely]
    autosomes = autosomes_of(bundle)
    panel = replace(panel, chromosomes=tuple(panel.chromosomes[at] for at in autosomes))
    imputed, likely = [imputed[at] for at in autosomes], [likely[at] for at in autosomes]
    observed = None if observed is None else [observed[at] for at in autosomes]
    with task.progress.step("ancestry"):
        ancestry = estimate_ancestry(panel, likely)
        found.ancestry = ancestry_json(ancestry, panel.populations) if ancestry else None
        found.picture = picture(panel, likely)
    is_outside = False
    with task.progress.step("quality"):
        share = ancestry.share if ancestry else None
        frequencies = (chromosome.alt_frequency for chromosome in panel.chromosomes)
        found.measured |= certainty((one.gp for one in imputed), frequencies)
        strangers = Strangers(None, None)
        if ancestry:
            limit = limits(bundle.thresholds, 0).fail["fraction_contamination_max"]
            strangers = look_for_strangers(
                panel, observed, likely, ancestry.share, limit, sample=task.sample_id, threads=task.threads,
                effective_population_size=bundle.manifest.imputation.get("effective_population_size"),
            )  # fmt: skip
        if observed is not None:
            found.measured["fraction_contamination_max"] = strangers.mixed
        if ancestry:
            found.measured["unexplained_max"] = strangers.unexplained
            is_outside = strangers.unexplained is not None and strangers.unexplained > OUTSIDE
            if found.ancestry and is_outside:
                found.ancestry["metadata"]["outside_panel"] = True
        if ancestry:
            _compare_heterozygosity(found, heterozygosity_sd(panel, imputed, ancestry.share))
            if observed is None:
                ratio = heterozygosity_ratio(likely, panel, ancestry.share)
                found.measured["array_heterozygosity_ratio_max"] = ratio
    with task.progress.step("identity"):
        own = fingerprint(task.sample_id, panel, imputed, share)
        write_json(work / "fingerprint.json", own.as_json())
        found.identity = look_at_identity(own, task.expected)
    with task.progress.step("scores"):
        settings, sexes = bundle.thresholds["scores"], bundle.sex_chromosomes
        for path in bundle.score_files:
            file = read_scoring_file(path)
            result = score(
                file,
                bundle.panel,
                everything,
                bundle.manifest.build,
                ancestry,
                is_outside=is_outside,
                doubt=OF_ARRAY if observed is None else OF_READS,
                sex_chromosomes=sexes,
                karyotype=found.karyotype,
            )
            found.scores.append(score_json(result, settings.get(file.key, {})))
        traits = read_traits(bundle.traits_file)
        called = (
            call_trait(
                trait, bundle.panel, everything, is_outside=is_outside, sex_chromosomes=sexes, karyotype=found.karyotype
            )
            for trait in traits
        )
        found.traits = [one.as_json() for one in called]
    if task.truth is not None:
        with task.progress.step("accuracy"):
            found.compared = compare(task.truth, bundle.panel.chromosomes, everything)
            if observed is None:
                found.compared_untyped = compare(task.truth, bundle.panel.chromosomes, everything, typed)


def autosomes_of(bundle: Bundle) -> list[int]:
    """Which of the panel's chromosomes judge a person as a whole: those of which everybody has two, or all if there are none."""
    chromosomes = bundle.panel.chromosomes
    everybodys = [at for at, one in enumerate(chromosomes) if bundle.sex_chromosomes.is_autosome(one.name)]
    return everybodys or list(range(len(chromosomes)))


def copies_of(bundle: Bundle, karyotype: str) -> list[NDArray[np.uint8]]:
    """Per chromosome, how many copies a person of this karyotype has at each site."""
    special = bundle.sex_chromosomes
    return [special.copies(one.name, one.position, karyotype) for one in bundle.panel.chromosomes]


def _compare_heterozygosity(found: Findings, deviations: float | None) -> None:
    if deviations is not None:
        found.measured["heterozygosity_sd_max"] = abs(deviations)
        found.metrics["heterozygosity_sd"] = round(deviations, 3)

"""From likelihoods to genotypes, and to what a person is told: a chromosome at a time, so that no genome is held whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from kitloop_genomics.by_chromosome import ByChromosome
from kitloop_genomics.imputation.chunks import impute_all
from kitloop_genomics.imputation.vcf import write_vcf
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.likelihoods.stored import genotypes
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.person import look_at_person
from kitloop_genomics.steps.readers import Readers
from kitloop_genomics.steps.task import Task

T = TypeVar("T")


def interpret(
    found: Findings, task: Task, observed: Sequence[Observations] | None, likely: Sequence[Likelihoods]
) -> None:
    """Judge the person, impute, and read what the genotypes tell while they are written. `observed` is None for an array."""
    bundle, chromosomes = task.bundle, task.bundle.panel.chromosomes
    person = look_at_person(
        found, task, bundle.autosomal_panel, None if observed is None else _those(observed, bundle.autosomes),
        _those(likely, bundle.autosomes),
    )  # fmt: skip
    with task.progress.step("scores"):
        readers = Readers(task, person, found.karyotype, None if observed is not None else likely)
    with task.progress.step("imputation"):
        imputed = impute_all(
            chromosomes, genotypes(likely), sample=task.sample_id, threads=task.threads, units=task.units,
            effective_population_size=bundle.effective_population_size, copies=bundle.copies(found.karyotype),
        )  # fmt: skip
        read = readers.read(imputed, task.progress)
        write_vcf(task.work / "imputed.vcf.gz", chromosomes, read, bundle.contigs, task.sample_id)
    with task.progress.step("identity"):
        readers.conclude(found, task)


def _those(every: Sequence[T], chosen: list[int]) -> ByChromosome[T]:
    return ByChromosome(len(chosen), lambda at: every[chosen[at]])

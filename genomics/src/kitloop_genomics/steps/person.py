"""Who the evidence speaks of, before a genotype is imputed: one person or two, of which ancestry, and whether the panel knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kitloop_genomics.ancestry.estimate import Ancestry, estimate_ancestry
from kitloop_genomics.ancestry.picture import picture
from kitloop_genomics.arrays.calls import heterozygosity_ratio
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.quality.strangers import look_for_strangers
from kitloop_genomics.quality.unexplained import OUTSIDE
from kitloop_genomics.result import ancestry_json
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.task import Task


@dataclass(frozen=True, slots=True)
class Person:
    """ancestry: None where no common site was covered.  is_outside: the panel lacks part of it."""

    ancestry: Ancestry | None
    is_outside: bool


def look_at_person(
    found: Findings, task: Task, panel: Panel, observed: Sequence[Observations] | None, likely: Sequence[Likelihoods]
) -> Person:
    """From the evidence at a panel of autosomes; `observed` is None for an array."""
    with task.progress.step("ancestry"):
        ancestry = estimate_ancestry(panel, likely)
        found.ancestry = ancestry_json(ancestry, panel.populations) if ancestry else None
        found.picture = picture(panel, likely)
    if observed is not None:
        found.measured["fraction_contamination_max"] = None
    if ancestry is None:
        return Person(None, is_outside=False)
    with task.progress.step("quality"):
        strangers = look_for_strangers(
            panel, observed, likely, ancestry.share, task.allowed.fail["fraction_contamination_max"],
            sample=task.sample_id, threads=task.threads,
            effective_population_size=task.bundle.effective_population_size,
        )  # fmt: skip
        found.measured["unexplained_max"] = strangers.unexplained
        is_outside = strangers.unexplained is not None and strangers.unexplained > OUTSIDE
        if is_outside and found.ancestry:
            found.ancestry["metadata"]["outside_panel"] = True
        if observed is not None:
            found.measured["fraction_contamination_max"] = strangers.mixed
        else:
            ratio = heterozygosity_ratio(likely, panel, ancestry.share)
            found.measured["array_heterozygosity_ratio_max"] = ratio
    return Person(ancestry, is_outside)

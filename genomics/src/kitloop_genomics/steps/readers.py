"""All that is read from a person's genotypes while these are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kitloop_genomics.accuracy import TruthReader
from kitloop_genomics.imputation.model import Dosages, Reader
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.progress import Progress
from kitloop_genomics.quality.certainty import CertaintyReader
from kitloop_genomics.quality.fingerprint import FingerprintReader
from kitloop_genomics.quality.heterozygosity import HeterozygosityReader
from kitloop_genomics.quality.review import look_at_identity
from kitloop_genomics.result import score_json
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.scores.score import OF_ARRAY, OF_READS, ScoreReader
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.person import Person
from kitloop_genomics.steps.task import Task
from kitloop_genomics.traits.call import TraitReader
from kitloop_genomics.traits.trait_file import read_traits
from kitloop_genomics.writing import write_json


class Readers:
    """typed: an array's likelihoods, None of reads. Autosomes tell of the person as a whole, every chromosome of scores and traits."""

    def __init__(self, task: Task, person: Person, karyotype: str, typed: Sequence[Likelihoods] | None) -> None:
        bundle, share = task.bundle, person.ancestry.share if person.ancestry else None
        self._chromosomes, self._autosomes = bundle.panel.chromosomes, set(bundle.autosomes)
        self._certainty = CertaintyReader()
        self._fingerprint = FingerprintReader(bundle.autosomal_panel, share)
        self._heterozygosity = None if share is None else HeterozygosityReader(bundle.autosomal_panel, share)
        self._scores = [
            ScoreReader(
                read_scoring_file(path), bundle.panel, bundle.manifest.build, person.ancestry,
                is_outside=person.is_outside, doubt=OF_READS if typed is None else OF_ARRAY,
                sex_chromosomes=bundle.sex_chromosomes, karyotype=karyotype,
            )
            for path in bundle.score_files
        ]  # fmt: skip
        self._traits = [
            TraitReader(
                trait, bundle.panel, is_outside=person.is_outside, sex_chromosomes=bundle.sex_chromosomes,
                karyotype=karyotype,
            )
            for trait in read_traits(bundle.traits_file)
        ]  # fmt: skip
        self._is_array = typed is not None
        called = None if typed is None else (one.depth > 0 for one in typed)
        self._truth = TruthReader(task.truth, called) if task.truth else None

    def read(self, imputed: Iterable[Dosages], progress: Progress) -> Iterator[Dosages]:
        """Pass on each chromosome once everybody has read it."""
        of_whole: list[Reader | None] = [self._certainty, self._fingerprint, self._heterozygosity]
        of_every: list[Reader | None] = [*self._scores, *self._traits, self._truth]
        for number, (chromosome, one) in enumerate(zip(self._chromosomes, imputed, strict=True)):
            for reader in of_every + (of_whole if number in self._autosomes else []):
                if reader is not None:
                    reader.take(chromosome, one)
            progress.reached(number + 1, len(self._chromosomes), "chromosomes")
            yield one

    def conclude(self, found: Findings, task: Task) -> None:
        """What they read becomes findings, and the fingerprint a file."""
        found.measured |= self._certainty.result()
        deviations = self._heterozygosity.result() if self._heterozygosity else None
        if deviations is not None:
            found.measured["heterozygosity_sd_max"] = abs(deviations)
            found.metrics["heterozygosity_sd"] = round(deviations, 3)
        own = self._fingerprint.result(task.sample_id)
        write_json(task.work / "fingerprint.json", own.as_json())
        found.identity = look_at_identity(own, task.expected)
        settings = task.bundle.thresholds["scores"]
        results = [one.result() for one in self._scores]
        found.scores = [score_json(one, settings.get(one.file.key, {})) for one in results]
        found.traits = [one.result().as_json() for one in self._traits]
        if self._truth:
            found.compared = self._truth.result()
            found.compared_untyped = self._truth.untyped() if self._is_array else None

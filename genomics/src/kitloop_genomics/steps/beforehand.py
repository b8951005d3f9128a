"""What a run needs only in its last steps is looked at before the first: they are hours apart."""

from __future__ import annotations

from pathlib import Path

from kitloop_genomics.accuracy import read_truth
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.errors import BundleError, InputError, ScoringFileError
from kitloop_genomics.quality.fingerprint import common_sites, hash_of_sites
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.traits.trait_file import read_traits


def look_beforehand(bundle: Bundle, truth: Path | None, expected: Expected) -> None:
    """`BundleError` for scores or traits that can't be read; `InputError` for a truth that can't be used, and for
    fingerprints of another panel.
    """
    for path in bundle.score_files:
        try:
            read_scoring_file(path)
        except ScoringFileError as error:
            where = f"line {error.line}: " if error.line else ""
            raise BundleError(path, f"{where}{error.problem}", error.remedy) from error
    read_traits(bundle.traits_file)
    _look_at_fingerprints(bundle, expected)
    if truth is not None:
        _look_at_truth(bundle, truth)


def _look_at_fingerprints(bundle: Bundle, expected: Expected) -> None:
    given = [*([expected.same_person] if expected.same_person else []), *expected.others]
    if not given:
        return
    panel = bundle.autosomal_panel
    sites = hash_of_sites(panel, common_sites(panel))
    for one in given:
        if one.sites != sites:
            raise InputError(
                f"{one.sample_id} was analysed with another panel than {bundle.path} has, so it can't be compared with. "
                "Analyse it again with this bundle, or leave it out"
            )


def _look_at_truth(bundle: Bundle, truth: Path) -> None:
    known = read_truth(truth)
    for chromosome in bundle.panel.chromosomes:
        if any((chromosome.name, *key) in known for key in chromosome.variants()):
            return
    raise InputError(f"the truth {truth} shares no site with the panel")

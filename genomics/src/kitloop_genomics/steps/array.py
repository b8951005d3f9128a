"""From an array export to likelihoods at the panel's sites."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kitloop_genomics.arrays.calls import calls
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import Export, read_export
from kitloop_genomics.arrays.sex import sex_of_array
from kitloop_genomics.bundle.builds import builds_named
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.bundle.sex_chromosomes import HUMAN_PAR
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.writing import sha256_of


def from_array(
    found: Findings, bundle: Bundle, array: Path, array_sha256: str | None, expected: Expected
) -> Sequence[Likelihoods] | None:
    """The export's likelihoods at the panel's sites, or None with the reason among `found.problems`."""
    if array_sha256:
        found.measured["checksum"] = sha256_of(array) == array_sha256.lower()
        if not found.measured["checksum"]:
            found.said["checksum"] = "checksum_mismatch"
            found.problems = (Reason("checksum_mismatch", "The file's SHA-256 is not the announced one."),)
            return None
    try:
        export = read_export(array)
        found.array = export.as_json()
        placed = calls(export, bundle.panel, bundle.manifest.build, read_positions(bundle.positions_file))
    except ExportError as error:
        found.measured["format"] = False
        found.said["format"] = error.code
        found.problems = (Reason(error.code, error.message),)
        return None
    found.array |= placed.as_json()
    found.measured |= {
        "format": True,
        "array_call_rate_min": 1 - export.no_call_rate,
        "array_match_rate_min": placed.counts.match_rate,
        "array_strange_rate_max": placed.counts.strange_rate,
        "array_sites_min": placed.sites,
    }
    found.metrics |= {"panel_sites": bundle.panel.sites, "panel_sites_on_array": placed.sites}
    _look_at_sex(found, bundle, export, placed.build, expected)
    return placed.found


def _look_at_sex(found: Findings, bundle: Bundle, export: Export, build: int | None, expected: Expected) -> None:
    # Positions are the export's own: as a rule the bundle's table knows no more of X than the panel does.
    par = bundle.sex_chromosomes.par
    if build in HUMAN_PAR and build not in builds_named(bundle.manifest.build):
        par = HUMAN_PAR[build]
    sex = sex_of_array(export, par)
    found.take_sex(sex.karyotype, expected.sex)
    for name, value in (("x_heterozygosity_ratio", sex.x_ratio), ("y_called_fraction", sex.y_called)):
        if value is not None:
            found.metrics[name] = round(value, 4)

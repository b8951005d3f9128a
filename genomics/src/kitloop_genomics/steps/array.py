"""From an array export to likelihoods at the panel's sites."""

from __future__ import annotations

from pathlib import Path

from kitloop_genomics.arrays.calls import calls
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.writing import sha256_of


def from_array(found: Findings, bundle: Bundle, array: Path, array_sha256: str | None) -> list[Likelihoods] | None:
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
    return placed.found

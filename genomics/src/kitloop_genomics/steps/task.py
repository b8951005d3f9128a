"""One run: what it is of, what it uses, and where it works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.progress import Progress
from kitloop_genomics.quality.limits import Limits, limits
from kitloop_genomics.quality.review import Expected


@dataclass(frozen=True, slots=True)
class Task:
    """work: where files are made, gone in the end.  out: where they are delivered.  units: what is kept for a resumed run."""

    bundle: Bundle
    sample_id: str
    work: Path
    out: Path
    units: Path | None
    threads: int
    progress: Progress
    expected: Expected
    truth: Path | None = None

    @property
    def allowed(self) -> Limits:
        return limits(self.bundle.thresholds, self.bundle.genome_length_bp)

"""What the reads have told, kept whole or not at all: a run that resumes, here or on another machine, aligns nothing again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitloop_genomics import __version__
from kitloop_genomics.bundle.manifest import FILE_NAME
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.errors import InputError
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.likelihoods.stored import holds_observations, stored_observations
from kitloop_genomics.writing import sha256_of, write_json

_FORMAT = 3
_PREFIX = "reads-"
_FOUND = "found.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """`found` is what the run noted so far, as JSON; `observed` one entry per chromosome, None where the reads failed."""

    folder: Path
    sample_id: str
    found: dict[str, Any]
    observed: Sequence[Observations] | None


def reads_key(bundle: Bundle, r1: Path, r2: Path, sample_id: str, *asked: object) -> str:
    """Hex hash of all that the reads' part of a run depends on: both files, bundle, sample, version, and `asked`."""
    parts = (_FORMAT, __version__, _bundle_hash(bundle), sample_id, sha256_of(r1), sha256_of(r2), *asked)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def keep_reads(units: Path, key: str, bundle: Bundle, work: Path, sample_id: str, found: dict[str, Any]) -> None:
    """Keep the files of `work` and what was noted under `key` in `units`; what other reads left there goes."""
    for other in units.glob(f"{_PREFIX}*"):
        shutil.rmtree(other, ignore_errors=True)
    folder = units / f"{_PREFIX}{key}"
    folder.mkdir(parents=True)
    for path in work.iterdir():
        _same_file(path, folder / path.name)
    # Last: where it is, the rest is whole.
    sums = {path.name: sha256_of(path) for path in folder.iterdir()}
    content = {"sample_id": sample_id, "bundle": _bundle_hash(bundle), "sha256": sums, "found": found}
    write_json(folder / _FOUND, content)


def kept_reads(units: Path, bundle: Bundle, key: str | None = None) -> Kept | None:
    """What was kept under `key` (None: whatever was kept, to be imputed), if it is whole and of this bundle."""
    for folder in sorted(units.glob(f"{_PREFIX}{key or '*'}")):
        try:
            content = json.loads((folder / _FOUND).read_text())
            # Those who impute parts of a genome don't read the BAM, which is large, and each would.
            whole = all(
                sha256_of(folder / name) == known
                for name, known in content["sha256"].items()
                if key or not name.endswith(".bam")
            )
            if whole and content["bundle"] == _bundle_hash(bundle):
                passed = holds_observations(folder)
                observed = stored_observations(folder, len(bundle.panel.chromosomes)) if passed else None
                return Kept(folder, content["sample_id"], content["found"], observed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # not whole: made anew
    return None


def reads_to_impute(out: Path, units: Path, bundle: Bundle) -> Kept:
    """What `run --until likelihoods` kept for `out`; `InputError` with the remedy where there is nothing."""
    kept = kept_reads(units, bundle)
    if kept is None:
        raise InputError(
            f"{out} holds no aligned reads for this bundle: begin with `kitloop-genomics run … --until likelihoods`"
        )
    return kept


def take_reads(kept: Kept, work: Path) -> None:
    """Put the kept files into `work`."""
    for path in kept.folder.iterdir():
        if path.name != _FOUND:
            _same_file(path, work / path.name)


def _bundle_hash(bundle: Bundle) -> str:
    return sha256_of(bundle.path / FILE_NAME)


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

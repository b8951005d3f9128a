"""What the reads have told, kept whole or not at all: a run that resumes, here or on another machine, aligns nothing again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kitloop_genomics import __version__
from kitloop_genomics.bundle.manifest import FILE_NAME
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.errors import InputError
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.writing import sha256_of, write_bytes, write_json

_FORMAT = 1
_PREFIX = "reads-"
_BAM = ("alignment.bam", "alignment.bam.bai")
_OBSERVED, _FOUND = "observed.npz", "found.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """`found` is what the run noted so far, as JSON; `observed` one entry per chromosome, None where the reads failed."""

    folder: Path
    sample_id: str
    found: dict[str, Any]
    observed: list[Observations] | None


def reads_key(bundle: Bundle, r1: Path, r2: Path, sample_id: str, *asked: object) -> str:
    """Hex hash of all that the reads' part of a run depends on: both files, bundle, sample, version, and `asked`."""
    parts = (_FORMAT, __version__, _bundle_hash(bundle), sample_id, sha256_of(r1), sha256_of(r2), *asked)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def keep_reads(
    units: Path,
    key: str,
    bundle: Bundle,
    work: Path,
    sample_id: str,
    found: dict[str, Any],
    observed: list[Observations] | None,
) -> None:
    """Keep the alignment of `work` and what was noted under `key` in `units`; what other reads left there goes."""
    for other in units.glob(f"{_PREFIX}*"):
        shutil.rmtree(other, ignore_errors=True)
    folder = units / f"{_PREFIX}{key}"
    folder.mkdir(parents=True)
    for name in _BAM:
        if (work / name).exists():
            _same_file(work / name, folder / name)
    if observed is not None:
        stream = io.BytesIO()
        columns = {
            f"{name}{at}": getattr(one, name) for at, one in enumerate(observed) for name in ("site", "is_alt", "error")
        }
        np.savez(stream, **columns)
        write_bytes(folder / _OBSERVED, stream.getvalue())
    # Last: where it is, the rest is whole.
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    content = {"sample_id": sample_id, "bundle": _bundle_hash(bundle), "sizes": sizes, "found": found}
    write_json(folder / _FOUND, content)


def kept_reads(units: Path, bundle: Bundle, key: str | None = None) -> Kept | None:
    """What was kept under `key` (None: whatever was kept), if it is whole and of this bundle."""
    for folder in sorted(units.glob(f"{_PREFIX}{key or '*'}")):
        try:
            content = json.loads((folder / _FOUND).read_text())
            whole = all((folder / name).stat().st_size == size for name, size in content["sizes"].items())
            if whole and content["bundle"] == _bundle_hash(bundle):
                observed = _observed(folder / _OBSERVED)
                return Kept(folder, content["sample_id"], content["found"], observed)
        except (OSError, ValueError, KeyError):
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


def take_alignment(kept: Kept, work: Path) -> None:
    """Put the kept BAM and its index into `work`, from where they are delivered."""
    for name in _BAM:
        if (kept.folder / name).exists():
            _same_file(kept.folder / name, work / name)


def _observed(path: Path) -> list[Observations] | None:
    if not path.exists():
        return None
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
        count = len(stored.files) // 3
        return [Observations(stored[f"site{at}"], stored[f"is_alt{at}"], stored[f"error{at}"]) for at in range(count)]


def _bundle_hash(bundle: Bundle) -> str:
    return sha256_of(bundle.path / FILE_NAME)


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

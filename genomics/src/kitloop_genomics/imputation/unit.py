"""The unit of work, one sample on one stretch, as a file that is whole or absent: what a killed run has done is not done again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.engine import PanelBits, impute_stretch
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.presets import Preset
from kitloop_genomics.writing import write_bytes

_FORMAT = 5  # of the engine's answers: raise it when the same arguments no longer give the same bytes


def impute_unit(
    folder: Path | None, panel: PanelBits, genotype: NDArray[np.float32], preset: Preset, seed: int
) -> Dosages:
    """`impute_stretch`, with its answer kept in `folder` (None: nowhere) under the hash of all that it depends on.

    A file that can't be read is made anew. Files are never changed, so several processes may share a folder.
    """
    if folder is None:
        return impute_stretch(panel, genotype, preset, seed)
    path = folder / f"{unit_key(panel, genotype, preset, seed)}.npz"
    found = _read(path, len(panel.cm))
    if found is None:
        found = impute_stretch(panel, genotype, preset, seed)
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(path, _bytes(found))
    return found


def unit_key(panel: PanelBits, genotype: NDArray[np.float32], preset: Preset, seed: int) -> str:
    """Hex hash of the panel stretch, the likelihoods, the preset, the seed and the version of the engine's answers."""
    digest = hashlib.sha256(f"{_FORMAT}\n{panel.haplotypes}\n{preset}\n{seed}\n".encode())
    for part in (panel.packed, panel.cm, panel.position, panel.readable, genotype):
        if part is not None:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()[:32]


def _bytes(found: Dosages) -> bytes:
    assert found.phased is not None
    stream = io.BytesIO()
    np.savez(stream, dosage=found.dosage, gp=found.gp, gt=found.gt, phased=found.phased)
    return stream.getvalue()


def _read(path: Path, sites: int) -> Dosages | None:
    try:
        # Read whole and closed first: numpy leaves a broken file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            found = Dosages(stored["dosage"], stored["gp"], stored["gt"], stored["phased"])
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile):  # the last two by zipfile
        return None
    return found if len(found.dosage) == sites else None

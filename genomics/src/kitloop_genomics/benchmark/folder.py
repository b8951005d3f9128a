"""A benchmark folder: panel, held-out targets, their stored likelihoods and, if it is there, GLIMPSE2's answer.

all.npz        pos (0-based), ref, alt (ASCII), keep (in the panel), rpop, tpop (population of each person)
H_ref.npz      h: panel haplotypes at the kept sites, bits packed along the haplotypes
H_t_all.npz    h: target haplotypes at all sites, one byte each
sub1000.npz    sub: indices of the sub-panel's people; keep2: sites that still vary among them
gl.DEPTH.npz   gl: (T, M, 3) likelihoods at the kept sites; 4.0 may hold every fifth target only
map.gmap       position, chromosome, cumulative cM
ref.fa.gz, T0_R1.fastq.gz, T0_R2.fastq.gz   the reference, and reads of the first target at 1x
glimpse2/gPANEL.DEPTH.bcf
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.errors import InputError

FEW_TARGETS = (0, 6, 12, 16)  # those that a depth of 4 is stored for: one or two of each population

_DEPTH = re.compile(r"\d+(\.\d+)?")  # other names beside them are nobody's business
_MEND = "Copy it again, or make the folder anew with `kitloop-genomics simulate benchmark`"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One panel of a folder, M sites, N haplotypes, T targets.

    position: (M,) int64, 0-based.  ref, alt: (M,) uint8.  cm: (M,) float64.  packed: (M, ceil(N/8)) uint8, bits
    along the haplotypes, first one in the highest bit.  truth: (M, T, 2) uint8, 1 = ALT.  in_depths: (M,) index of
    each site into the stored likelihoods' sites.
    """

    path: Path
    chromosome: str
    position: NDArray[np.int64]
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    cm: NDArray[np.float64]
    packed: NDArray[np.uint8]
    haplotypes: int
    truth: NDArray[np.uint8]
    in_depths: NDArray[np.int64]

    @property
    def panel_name(self) -> str:
        return str(self.haplotypes // 2)

    def depths(self) -> list[str]:
        """The depths with stored likelihoods, as they stand in the file names, shallow ones first."""
        found = [path.name[3:-4] for path in self.path.glob("gl.*.npz")]
        return sorted((name for name in found if _DEPTH.fullmatch(name)), key=float)

    def likelihoods(self, depth: str) -> tuple[list[int], NDArray[np.float32]]:
        """Indices of the targets that are stored at `depth`, and their (T', M, 3) likelihoods."""
        (gl,) = _load(self.path / f"gl.{depth}.npz", "gl")
        targets = list(range(self.truth.shape[1])) if len(gl) == self.truth.shape[1] else list(FEW_TARGETS)
        if len(gl) != len(targets):
            raise InputError(f"{self.path / f'gl.{depth}.npz'} holds {len(gl)} targets, which ones is unknown")
        return targets, np.ascontiguousarray(gl[:, self.in_depths], np.float32)


def open_benchmark(path: Path, panel: str | None = None) -> Benchmark:
    """Read a folder, with the full panel or, for `panel` "1000", its sub-panel. `InputError` if a part is missing."""
    keep, *columns, panel_people = _load(path / "all.npz", "keep", "pos", "ref", "alt", "rpop")
    position, ref, alt = (column[keep] for column in columns)
    people = len(panel_people)
    packed = np.ascontiguousarray(_load(path / "H_ref.npz", "h")[0])  # others may have saved it column by column
    targets = _load(path / "H_t_all.npz", "h")[0][keep]
    truth = targets.reshape(len(position), -1, 2)
    chromosome, cm = _map(path / "map.gmap", position)
    use = np.arange(len(position))
    if panel is not None and int(panel) != people:
        sub, varies = _load(path / f"sub{panel}.npz", "sub", "keep2")
        use = np.flatnonzero(varies[keep])
        chosen = np.stack([2 * sub, 2 * sub + 1], axis=1).ravel()
        packed = _columns(packed, use, chosen)
        people = len(sub)
    return Benchmark(
        path, chromosome, position[use], ref[use], alt[use], cm[use], packed, 2 * people,
        np.ascontiguousarray(truth[use]), use,
    )  # fmt: skip


def _columns(packed: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Bits of `columns` at `rows`, packed again; a few thousand rows at a time, for the memory's sake."""
    parts = []
    for start in range(0, len(rows), 4_096):
        block = np.unpackbits(packed[rows[start : start + 4_096]], axis=1)
        parts.append(np.packbits(block[:, columns], axis=1))
    return np.ascontiguousarray(np.concatenate(parts))  # numpy may have packed column by column


def _map(path: Path, position: NDArray[np.int64]) -> tuple[str, NDArray[np.float64]]:
    try:
        rows = [line.split() for line in path.read_text().splitlines()[1:]]
        at, cm = np.array([float(row[0]) for row in rows]), np.array([float(row[2]) for row in rows])
        return rows[0][1], np.interp(position + 1, at, cm)
    except (OSError, IndexError, ValueError) as error:
        raise InputError(f"the genetic map {path} can't be read: {error}") from error


def _load(path: Path, *names: str) -> list[NDArray[Any]]:
    """The arrays of these names."""
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as stored:
            return [stored[name] for name in names]
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing. {_MEND}") from error
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path} can't be read: {error or type(error).__name__}. {_MEND}") from error

"""Simulate a benchmark folder: another region, seed, past or panel size than the ones that settings were tuned on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.benchmark.folder import FEW_TARGETS
from kitloop_genomics.benchmark.fragments import sequence
from kitloop_genomics.benchmark.histories import history, people_of, simulate
from kitloop_genomics.benchmark.reads import write_reads
from kitloop_genomics.demo.genome import other_alleles
from kitloop_genomics.demo.genome import sequence as bases
from kitloop_genomics.demo.history import landscape
from kitloop_genomics.errors import InputError
from kitloop_genomics.writing import folder_beside

_MIN_COPIES = 2
_SUB_PANEL = 1_000


def simulate_benchmark(
    path: Path,
    *,
    seed: int,
    past: str = "americas",
    people: int = 3_202,
    targets: int = 20,
    length_bp: int = 10_000_000,
    quiet_cm_per_mb: float = 0.3,
    depths: tuple[str, ...] = ("0.1", "0.4", "1.0", "4.0"),
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write a folder of the layout of `benchmark.folder` and return its path. The same seed gives the same content.

    Raises `InputError` if `path` exists. The folder appears under its name when it is whole.
    """
    if path.exists():
        raise InputError(f"{path} is there already: choose another folder, or remove it yourself")
    rng = np.random.default_rng(seed)
    shape = landscape(length_bp, rng, quiet=quiet_cm_per_mb * 1e-8)
    chosen = history(past)
    in_panel, held_out = people_of(chosen.shares, people), people_of(chosen.shares, targets)
    tell(f"simulating {people + targets} people")
    everyone = {key: in_panel[key] + held_out[key] for key in in_panel}
    made = simulate(chosen, shape, everyone, int(rng.integers(1, 2**31 - 2)))
    first = 0
    panel_people: list[int] = []
    target_people: list[int] = []
    for key, count in everyone.items():
        panel_people += range(first, first + in_panel[key])
        target_people += range(first + in_panel[key], first + count)
        first += count
    panel = made.carries[:, _columns(panel_people)]
    truth = made.carries[:, _columns(target_people)]
    keep = _varies(panel)
    sub = np.sort(rng.choice(people, min(people, _SUB_PANEL), replace=False))
    still = np.zeros(len(keep), bool)
    still[keep] = _varies(panel[keep][:, _columns(sub)])
    reference = bases(length_bp, rng)
    ref = reference[made.position]
    position = made.position
    alt = other_alleles(ref, rng)
    with folder_beside(path) as work:
        np.savez_compressed(
            work / "all.npz", pos=position, ref=ref, alt=alt, keep=keep,
            rpop=made.population[panel_people], tpop=made.population[target_people],
        )  # fmt: skip
        np.savez_compressed(work / "H_ref.npz", h=np.packbits(panel[keep], axis=1))
        np.savez_compressed(work / "H_t_all.npz", h=truth)
        np.savez_compressed(work / f"sub{_SUB_PANEL}.npz", sub=sub, keep2=still)
        rows = zip(shape.edge, shape.centimorgans(), strict=True)
        (work / "map.gmap").write_text("pos chr cM\n" + "".join(f"{int(at) + 1} 1 {cm:.8f}\n" for at, cm in rows))
        for depth in depths:
            tell(f"sequencing at {depth}x")
            chosen_targets = range(targets) if float(depth) < 4 or targets <= max(FEW_TARGETS) else FEW_TARGETS
            seen = [
                sequence(position[keep], truth[keep][:, 2 * at : 2 * at + 2], length_bp, float(depth), rng)
                for at in chosen_targets
            ]
            np.savez_compressed(
                work / f"gl.{depth}.npz",
                gl=np.array([one.likelihood for one in seen]), cnt=np.array([one.count for one in seen]),
            )  # fmt: skip
        write_reads(work, reference, position, alt, truth[:, :2], rng)
        work.rename(path)
    return path


def _columns(people: list[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    at = np.asarray(people, np.int64)
    return np.stack([2 * at, 2 * at + 1], axis=1).ravel()


def _varies(carries: NDArray[np.uint8]) -> NDArray[np.bool_]:
    copies = carries.sum(axis=1, dtype=np.int64)
    return np.asarray((copies >= _MIN_COPIES) & (carries.shape[1] - copies >= _MIN_COPIES))

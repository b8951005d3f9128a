"""Time of imputation against the number of haplotypes and of sites, as a table and as `growth.svg`.

One simulated panel of 25,000 people on 250 kb and parts of it; one held-out person at 0.4x; each point in a process of its own.
Growth with the square, which the exact imputer has, is drawn beside it from the smallest point.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

HAPLOTYPES = (1_000, 3_200, 6_400, 12_800, 25_600, 50_000)
SITE_SHARES = (0.25, 0.5, 1.0)
PICTURE = Path(__file__).with_name("growth.svg")


def main() -> None:
    from kitloop_genomics.benchmark.simulation import simulate_benchmark

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many"
        simulate_benchmark(path, seed=50, people=25_000, targets=4, length_bp=250_000, depths=("0.4",))
        rows = [_apart(path, haplotypes, 1.0) for haplotypes in HAPLOTYPES]
        sites = [_apart(path, 6_400, share) for share in SITE_SHARES]
    print("haplotypes   sites   CPU s   of it ranking   panel MB   and on top")
    for row in (*rows, *sites):
        print(
            f"{row['haplotypes']:10,} {row['sites']:7,} {row['seconds']:7.2f} {row['ranking']:15.2f} "
            f"{row['panel_mb']:10.1f} {row['memory_mb']:12.0f}"
        )
    PICTURE.write_text(_svg(rows))
    print(f"drawn in {PICTURE}")


def _apart(path: Path, haplotypes: int, share: float) -> dict:  # type: ignore[type-arg]
    words = [sys.executable, "-m", "bench.growth", str(path), str(haplotypes), str(share)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def _one(path: Path, haplotypes: int, share: float) -> dict:  # type: ignore[type-arg]
    """Seconds of one person on the panel's first `haplotypes` and the first `share` of its sites.

    memory_mb: what imputing takes at most, over what the process held before it began.
    """
    import time

    from kitloop_genomics.benchmark.folder import open_benchmark
    from kitloop_genomics.imputation import engine, passes
    from kitloop_genomics.imputation.presets import preset_for
    from kitloop_genomics.progress import peak_rss_mb

    whole = open_benchmark(path)
    likelihood = whole.likelihoods("0.4")[1][0]
    # Every so many bytes, so that each part holds people of all populations.
    take = np.linspace(0, whole.packed.shape[1] - 1, haplotypes // 8).round().astype(np.int64)
    sites = round(share * len(whole.cm))
    packed = np.ascontiguousarray(whole.packed[:sites, take])
    varies = np.bitwise_count(packed).sum(axis=1) > 1
    bits = engine.panel_bits(
        np.ascontiguousarray(packed[varies]), 8 * len(take), whole.cm[:sites][varies], whole.position[:sites][varies]
    )
    likelihood = likelihood[:sites][varies]
    preset = preset_for(0.4)
    engine.impute_stretch(
        engine.panel_bits(bits.packed[:400], bits.haplotypes, bits.cm[:400], bits.position[:400]),
        likelihood[:400],
        preset,
        1,
    )
    ranking = 0.0

    def timed(work: Callable[..., object]) -> Callable[..., object]:
        def call(*words: object) -> object:
            nonlocal ranking
            began = time.process_time()
            answer = work(*words)
            ranking += time.process_time() - began
            return answer

        return call

    passes.fold, passes.rank = timed(passes.fold), timed(passes.rank)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew, at what is held now
    before = peak_rss_mb()
    began = time.process_time()
    engine.impute_stretch(bits, likelihood, preset, 1)
    return {
        "haplotypes": bits.haplotypes,
        "sites": len(bits.cm),
        "seconds": time.process_time() - began,
        "ranking": ranking,
        "panel_mb": bits.packed.nbytes / 1e6,
        "memory_mb": peak_rss_mb() - before,
    }


def _svg(rows: list) -> str:  # type: ignore[type-arg]
    """Seconds against haplotypes, both axes logarithmic, and beside it the square."""
    width, height, margin = 560, 360, 60
    x = np.log10([row["haplotypes"] for row in rows])
    y = np.log10([row["seconds"] for row in rows])
    square = y[0] + 2 * (x - x[0])
    low, high = np.floor(min(y) * 2) / 2, np.ceil(max(square) * 2) / 2
    across = margin + (x - x[0]) / (x[-1] - x[0]) * (width - 2 * margin)

    def up(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return height - margin - (values - low) / (high - low) * (height - 2 * margin)

    def line(values: np.ndarray, style: str) -> str:  # type: ignore[type-arg]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, up(values), strict=True))
        return f'<polyline fill="none" {style} points="{points}"/>'

    def text(a: float, b: float, words: str) -> str:
        return f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="middle">{words}</text>'

    marks = "".join(
        f'<circle r="3.5" fill="#176" cx="{a:.1f}" cy="{b:.1f}"/>'
        + text(a, height - margin + 18, f"{row['haplotypes']:,}")
        + text(a, b + 16, f"{row['seconds']:.2f} s")
        for a, b, row in zip(across, up(y), rows, strict=True)
    )
    title = text(width / 2, 24, "CPU seconds of one person at 0.4x, 250 kb; dashed: growth with the square")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        + line(square, 'stroke="#b54" stroke-dasharray="5 4"')
        + line(y, 'stroke="#176"')
        + f"{marks}{title}{text(width / 2, height - 14, 'haplotypes in the panel')}</svg>\n"
    )


if __name__ == "__main__":
    print(json.dumps(_one(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))

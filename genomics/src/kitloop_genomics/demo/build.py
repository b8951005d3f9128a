"""Build the demo: `bundle/` for the analysis and, apart from it, `people/` for the simulator of reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kitloop_genomics import __version__
from kitloop_genomics.building.sources import Description
from kitloop_genomics.bundle.manifest import Manifest, file_problems, read_manifest, write_manifest
from kitloop_genomics.bundle.positions import FILE_NAME as POSITIONS
from kitloop_genomics.errors import BundleError, InputError
from kitloop_genomics.writing import folder_beside

DEMO_ID = "kitloop-demo"
DEMO_VERSION = "6"  # of the content: raise it when the same seed no longer gives the same bytes
DEFAULT_SEED = 1
_NEEDED_BYTES = 200_000_000
_LICENSE = "CC0-1.0. Simulated: no sequence, person, population or trait in it is real."


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the two parts of a demo are."""

    path: Path

    @property
    def bundle(self) -> Path:
        return self.path / "bundle"

    @property
    def people(self) -> Path:
        return self.path / "people"


def open_demo(path: Path) -> Demo:
    """The demo at `path` (the folder that holds `bundle/` and `people/`); `BundleError` if it isn't one."""
    demo = Demo(Path(path))
    for part in (demo.bundle, demo.people):
        manifest = read_manifest(part)
        for problem in file_problems(part, manifest, checksums=False):
            raise problem
    return demo


def build_demo(
    path: Path,
    *,
    seed: int = DEFAULT_SEED,
    length_bp: int = 2_000_000,
    people_each: int = 50,
    tell: Callable[[str], None] = lambda step: None,
) -> Demo:
    """Make the demo at `path`, or return the one that is there if it is whole and of the same seed and size.

    Two chromosomes of `length_bp`, four populations of `people_each`. The same arguments give the same bytes. It is
    built in a folder beside `path` and renamed, so an interrupted build leaves nothing. `tell` hears the name of each
    step as it starts. Raises `BundleError` if the disk is too full and `InputError` if `path` holds something else,
    which is never overwritten.
    """
    path = Path(path)
    if _is_whole(path, seed, length_bp, people_each):
        return Demo(path)
    # Imported here: msprime takes a second, and a demo that is already there must open at once.
    from kitloop_genomics.building.build import build_bundle
    from kitloop_genomics.building.sources import PanelSources
    from kitloop_genomics.demo.chromosome import make_chromosome
    from kitloop_genomics.demo.history import Size
    from kitloop_genomics.demo.panel_files import site_ids, write_map, write_panel, write_people, write_reference
    from kitloop_genomics.demo.positions import write_positions
    from kitloop_genomics.demo.score_files import write_scores
    from kitloop_genomics.demo.thresholds import write_thresholds
    from kitloop_genomics.demo.traits import write_traits

    _check_room(path, _NEEDED_BYTES * length_bp * people_each // (2_000_000 * 50))
    seeds = np.random.SeedSequence(seed).generate_state(5)
    with folder_beside(path) as work:
        made = work / "sources"
        made.mkdir()
        (work / "people").mkdir()
        chromosomes = []
        for name, one in zip(("chr1", "chr2"), seeds[:2], strict=True):
            tell(f"simulating {name}")
            chromosomes.append(make_chromosome(name, int(one), Size(length_bp, people_each)))
        ids = site_ids(chromosomes)
        tell("writing the reference genome and map")
        write_reference(made, chromosomes)
        write_map(made, chromosomes)
        tell("writing the panel")
        write_panel(made, chromosomes, ids)
        tell("writing scores, thresholds and held-out people")
        write_scores(made / "scores", chromosomes, ids, int(seeds[2]))
        write_positions(made, chromosomes, int(seeds[3]))
        write_traits(made, chromosomes, int(seeds[4]))
        write_thresholds(made, sum(map(len, ids)), sum(len(row.reference) for row in chromosomes))
        write_people(work / "people", chromosomes, ids)
        write_manifest(work / "people", _manifest(seed, length_bp, people_each))
        sources = PanelSources(
            made / "reference.fa", (made / "panel.vcf",), (made / "map.tsv",), made / "populations.tsv",
            tuple(sorted((made / "scores").iterdir())), made / "traits.json", made / POSITIONS, made / "thresholds.json",
        )  # fmt: skip
        build_bundle(work / "bundle", sources, _description(seed, length_bp, people_each), tell=tell)
        shutil.rmtree(made)
        if path.exists():
            shutil.rmtree(path)  # _is_whole has made sure that it is empty or a demo that is damaged or outdated
        work.rename(path)
    return Demo(path)


def _description(seed: int, length_bp: int, people_each: int) -> Description:
    from kitloop_genomics.demo.score_files import BUILD

    return Description(
        DEMO_ID, f"{DEMO_VERSION}.seed{seed}", BUILD, "simulated", _LICENSE, effective_population_size=10_000,
        created_by={"seed": seed, "size": [length_bp, people_each], "command": "panel demo"},
    )  # fmt: skip


def _manifest(seed: int, length_bp: int, people_each: int) -> Manifest:
    """Of the held-out people."""
    said = _description(seed, length_bp, people_each)
    created_by = {"tool": "kitloop-genomics", "tool_version": __version__, **said.created_by}
    return Manifest("held-out-people", said.id, said.version, said.build, said.species, said.license, created_by)


def _is_whole(path: Path, seed: int, length_bp: int, people_each: int) -> bool:
    """Whether `path` is an intact demo of this seed, size and version; raises if it holds what we must not replace."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return False
    demo = Demo(path)
    try:
        described = json.loads((demo.bundle / "manifest.json").read_text())
        ours = described["id"] == DEMO_ID
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise InputError(f"{path} is there and is not a demo: choose another folder, or remove this one yourself")
    try:
        manifests = [read_manifest(part) for part in (demo.bundle, demo.people)]
    except BundleError:
        return False
    if manifests[0].created_by.get("seed") != seed:
        found = manifests[0].created_by.get("seed")
        raise InputError(f"{path} holds the demo of seed {found}, not {seed}: choose another folder or remove it")
    size = manifests[0].created_by.get("size", [2_000_000, 50])
    if size != [length_bp, people_each]:
        here = f"two chromosomes of {size[0] / 1e6:g} Mb and {4 * size[1]} people"
        raise InputError(f"{path} holds a demo of another size ({here}): choose another folder or remove it")
    if manifests[0].version != f"{DEMO_VERSION}.seed{seed}":
        return False
    parts = zip((demo.bundle, demo.people), manifests, strict=True)
    return not any(file_problems(part, manifest, checksums=True) for part, manifest in parts)


def _check_room(path: Path, needed: int) -> None:
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        problem = f"only {free / 1e6:.0f} MB are free and the demo needs {needed / 1e6:.0f} MB while it is built"
        raise BundleError(existing, problem, "Free some space or choose another disk")

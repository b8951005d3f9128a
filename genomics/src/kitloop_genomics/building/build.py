"""Build a reference bundle: streamed, so that memory is bounded by one chunk, and resumed where it was killed."""

from __future__ import annotations

import fcntl
import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics import __version__
from kitloop_genomics.building.chromosome import ChromosomeWriter
from kitloop_genomics.building.maps import map_text, read_maps
from kitloop_genomics.building.pace import Pace
from kitloop_genomics.building.people import Labels
from kitloop_genomics.building.reference import Reference, copy_reference
from kitloop_genomics.building.sites import LEFT_OUT, SiteReader, is_leftmost
from kitloop_genomics.building.sources import Description, PanelSources, open_variants
from kitloop_genomics.building.thresholds import default_thresholds
from kitloop_genomics.bundle.columns import read_columns
from kitloop_genomics.bundle.genetic_map import GeneticMap
from kitloop_genomics.bundle.manifest import Manifest, write_manifest
from kitloop_genomics.bundle.open import KIND, read_thresholds
from kitloop_genomics.bundle.panel import FOLDER, INDEX, SCHEMA
from kitloop_genomics.bundle.positions import FILE_NAME as POSITIONS
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.bundle.texts import Texts
from kitloop_genomics.errors import GenomicsError, InputError, PanelSourceError
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.traits.trait_file import FILE_NAME as TRAITS
from kitloop_genomics.traits.trait_file import read_traits
from kitloop_genomics.writing import FULL, write_bytes, write_json

_FORMAT = 2  # of the files of an unfinished build: raise it when those of an earlier version can't be gone on with

_TOLD_PLACES = 256


@dataclass(frozen=True, slots=True)
class Built:
    """sites: kept ones.  left_out: by reason, records or ALTs of them.  chunks: files of haplotypes.

    movable: kept sites whose alleles `bcftools norm -f` would name otherwise.
    """

    path: Path
    sites: int
    chunks: int
    left_out: dict[str, int]
    movable: int


def build_bundle(
    out: Path,
    sources: PanelSources,
    description: Description,
    *,
    tell: Callable[[str], None] = lambda line: None,
    every_seconds: float = 1.0,
) -> Built:
    """Build `out`, which must not exist; it appears under its name when it is whole.

    The work is in `.NAME.building` beside it. If that is there, from the same files, the build goes on after the last
    whole chunk, and the bytes are those of one unbroken build. `tell` hears of each step, and at most once in
    `every_seconds` how far it is. Raises `PanelSourceError`, which names file, line or record and remedy, and
    `InputError` for an `out` that is there, or whose build another process is at. Of sources that are refused
    nothing stays.
    """
    out = Path(out)
    if out.exists():
        raise InputError(f"{out} is there already: choose another folder, or remove it yourself")
    description.check(sources)
    labels, people = sources.people()
    work = out.with_name(f".{out.name}.building")
    with _held(work), _full_disk(work), _refused(work):
        state = _State.of(work, sources)
        bundle = work / "bundle"
        (bundle / FOLDER).mkdir(parents=True, exist_ok=True)
        _copy_side_files(bundle, sources)
        tell("copying the reference genome")
        copy_reference(sources.fasta, bundle / "reference.fa")
        reference = Reference(bundle / "reference.fa")
        description.check_sequences(reference.lengths)
        tell("reading the genetic map")
        genetic_map = read_maps(list(sources.maps), list(reference.lengths))
        write_bytes(bundle / "map.tsv", map_text(genetic_map, list(reference.lengths)).encode())
        write_bytes(bundle / "populations.tsv", labels.text(people).encode())
        _write_panel(
            bundle, state, sources, reference, genetic_map, 2 * len(people), membership(labels, people), tell, every_seconds
        )  # fmt: skip
        built = _write_index(out, bundle, reference, 2 * len(people))
        _write_thresholds(bundle, sources, built.sites, sum(reference.lengths.values()))
        reference.close()
        tell("checksums of the sources and the bundle")
        write_manifest(bundle, _manifest(description, sources))
        if state.fingerprint != sources.fingerprint():
            raise InputError("a source has changed while it was read: start again")
        bundle.rename(out)
        shutil.rmtree(work)
    return built


def membership(labels: Labels, people: tuple[str, ...]) -> NDArray[np.uint8]:
    """(P, ceil(N/8)) bits of the haplotypes of each population, these by first appearance in the panel."""
    of_person = [labels.of_person[person] for person in people]
    masks = [[one == label for one in of_person for _ in range(2)] for label in dict.fromkeys(of_person)]
    return np.packbits(np.array(masks), axis=1)


@dataclass(slots=True)
class _State:
    """What is known of an unfinished build. read: by the number of a panel file that is done, its chromosomes."""

    path: Path
    fingerprint: list[list[Any]]
    read: dict[str, list[str]]

    @classmethod
    def of(cls, work: Path, sources: PanelSources) -> _State:
        """What is left in `work`; it is emptied if that was built from other files, or by another version."""
        for half in list(work.rglob(".*.part")):
            half.unlink()
        fingerprint = sources.fingerprint()
        path = work / "state.json"
        try:
            content = json.loads(path.read_text())
            if content["format"] == [_FORMAT, __version__] and content["fingerprint"] == fingerprint:
                return cls(path, fingerprint, content["read"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        for name in ("bundle", "parts"):
            shutil.rmtree(work / name, ignore_errors=True)
        state = cls(path, fingerprint, {})
        state.save()
        return state

    def save(self) -> None:
        content = {"format": [_FORMAT, __version__], "fingerprint": self.fingerprint, "read": self.read}
        write_json(self.path, content)


def _write_panel(
    bundle: Path,
    state: _State,
    sources: PanelSources,
    reference: Reference,
    genetic_map: GeneticMap,
    haplotypes: int,
    members: NDArray[np.uint8],
    tell: Callable[[str], None],
    every_seconds: float,
) -> None:
    folder, parts = bundle / FOLDER, state.path.parent / "parts"
    parts.mkdir(exist_ok=True)
    writers: dict[str, ChromosomeWriter] = {}

    def after(name: str) -> float:
        if (folder / f"{name}.sites").exists():
            return float("inf")
        writers[name] = ChromosomeWriter(folder, parts, name, genetic_map, haplotypes, members)
        return writers[name].after

    reader = SiteReader(reference, genetic_map, _refuse, after)
    pace = Pace(sum(path.stat().st_size for path in sources.variants), tell, every_seconds)
    before = sites = places = 0
    for number, path in enumerate(sources.variants):
        if str(number) in state.read:
            reader.begun.update(state.read[str(number)])
        else:
            known = set(reader.begun)
            with open_variants(path) as source:
                at = ""
                for place in reader.places(source):
                    if place.chromosome != at:
                        if at:
                            writers.pop(at).finish()
                        at = place.chromosome
                        tell(f"{at} from {path.name}")
                    writers[at].add(place)
                    sites += len(place.sites)
                    places += 1
                    if places % _TOLD_PLACES == 0:
                        pace.at(at, before + source.bytes_read(), sites)
            for writer in writers.values():  # the last one, and those of which an earlier build has written all chunks
                writer.finish()
            writers.clear()
            state.read[str(number)] = sorted(reader.begun - known)
            state.save()
        before += path.stat().st_size


def _refuse(error: PanelSourceError) -> None:
    raise error


def _write_index(out: Path, bundle: Path, reference: Reference, haplotypes: int) -> Built:
    chromosomes, left_out, movable = [], np.zeros(len(LEFT_OUT), np.int64), 0
    for name in reference.lengths:
        if (path := bundle / FOLDER / f"{name}.sites").exists():
            columns = read_columns(path)
            chromosomes.append({"name": name, "chunks": columns["chunks"].tolist()})
            left_out += columns["left_out"]
            # From what is stored, so that a build that goes on counts what it found before, too.
            others = Texts(columns["other_end"], columns["other_text"])
            movable += sum(not is_leftmost(*pair.split("\t")) for pair in others)
    if not chromosomes:
        raise InputError("the panel has no site that can be used: none that varies among its people")
    counts = dict(zip(LEFT_OUT, left_out.tolist(), strict=True))
    content = {"schema": SCHEMA, "haplotypes": haplotypes, "left_out": counts, "chromosomes": chromosomes}
    write_json(bundle / FOLDER / INDEX, content)
    chunks = [size for one in chromosomes for size in one["chunks"]]
    return Built(out, sum(chunks), len(chunks), counts, movable)


def _copy_side_files(bundle: Path, sources: PanelSources) -> None:
    """Scores (plain text, whatever they were), traits, positions: read first, so that a broken one is told at once."""
    shutil.rmtree(bundle / "scores", ignore_errors=True)
    (bundle / "scores").mkdir()
    for path in sources.scores:
        read_scoring_file(path)
        packed = path.read_bytes()[:2] == b"\x1f\x8b"
        name = path.name.removesuffix(".gz")
        target = bundle / "scores" / (name if name.endswith(".txt") else f"{name}.txt")
        if target.exists():
            raise PanelSourceError(path, "has the name of another scoring file", "Give each its own name")
        write_bytes(target, gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    if sources.traits is not None:
        read_traits(sources.traits)
        write_bytes(bundle / TRAITS, sources.traits.read_bytes())
    if sources.positions is not None:
        read_positions(sources.positions)
        write_bytes(bundle / POSITIONS, sources.positions.read_bytes())
    if sources.thresholds is not None:
        read_thresholds(sources.thresholds)


def _write_thresholds(bundle: Path, sources: PanelSources, sites: int, genome_bp: int) -> None:
    path = bundle / "thresholds.json"
    if sources.thresholds is not None:
        write_bytes(path, sources.thresholds.read_bytes())
    else:
        write_json(path, {"quality_controls": default_thresholds(sites, genome_bp), "scores": {}})


def _manifest(description: Description, sources: PanelSources) -> Manifest:
    size = description.effective_population_size
    return Manifest(
        KIND, description.id, description.version, description.build, description.species, description.license,
        {"tool": "kitloop-genomics", "tool_version": __version__, "command": "panel build", **description.created_by},
        imputation={} if size is None else {"effective_population_size": size},
        sources=description.of_sources(sources),
        sex_chromosomes=description.sex_chromosomes,
    )  # fmt: skip


@contextmanager
def _held(work: Path) -> Iterator[None]:
    work.mkdir(parents=True, exist_ok=True)
    with (work / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process is building in {work}: wait for it, or choose another folder") from None
        yield


@contextmanager
def _refused(work: Path) -> Iterator[None]:
    """What was built from sources that are refused goes: mended they are other files, from which a build begins anew."""
    try:
        yield
    except GenomicsError:
        shutil.rmtree(work)
        raise


@contextmanager
def _full_disk(work: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(
            f"the disk of {work} is full: free some space and start again, it goes on from there"
        ) from error

"""What a build would keep, leave out and refuse, without building anything."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kitloop_genomics.building.maps import read_maps
from kitloop_genomics.building.pace import Pace
from kitloop_genomics.building.reference import Reference, copy_reference
from kitloop_genomics.building.sites import SiteReader, is_leftmost
from kitloop_genomics.building.sources import Description, PanelSources, open_variants
from kitloop_genomics.bundle.haplotypes import chunk_sites, stored_bytes
from kitloop_genomics.errors import PanelSourceError
from kitloop_genomics.scores.catalog_file import read_scoring_file

_SITE_BYTES = 43  # of the columns of a site, without its id, its copies in each population and its haplotypes
_TOLD = 256
SHOWN = 20


@dataclass(slots=True)
class Survey:
    """sites, chunks: by chromosome.  left_out: by reason.  problems: the first 20; refused: how many there are.

    movable: sites whose alleles `bcftools norm -f` would name otherwise.  size_bytes: about what the bundle would take on
    the disk.
    """

    people: int = 0
    sites: dict[str, int] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[PanelSourceError] = field(default_factory=list)
    refused: int = 0
    movable: int = 0
    size_bytes: int = 0

    def refuse(self, error: PanelSourceError) -> None:
        self.refused += 1
        if len(self.problems) < SHOWN:
            self.problems.append(error)


def survey(
    sources: PanelSources,
    description: Description,
    *,
    tell: Callable[[str], None] = lambda line: None,
    every_seconds: float = 1.0,
) -> Survey:
    """Read all of `sources` as a build does. Problems of single records are collected, all others raised.

    A FASTA that has no `.fai` beside it, or is gzipped, is unpacked into a temporary folder for as long as it takes.
    """
    found = Survey()
    description.check(sources)
    labels, people = sources.people()
    for path in sources.scores:
        read_scoring_file(path)
    found.people = len(people)
    populations = len({labels.of_person[person] for person in people})
    with tempfile.TemporaryDirectory() as folder:
        fasta = sources.fasta
        if fasta.suffix in (".gz", ".bgz") or not Path(f"{fasta}.fai").exists():
            fasta = Path(folder) / "reference.fa"
            tell("unpacking the reference genome")
            copy_reference(sources.fasta, fasta)
        reference = Reference(fasta)
        description.check_sequences(reference.lengths)
        genetic_map = read_maps(list(sources.maps), list(reference.lengths))
        found.size_bytes = sum(reference.lengths.values()) * 61 // 60
        reader = SiteReader(reference, genetic_map, found.refuse)
        pace = Pace(sum(path.stat().st_size for path in sources.variants), tell, every_seconds)
        before = places = 0
        for path in sources.variants:
            with open_variants(path) as source:
                for place in reader.places(source):
                    found.sites[place.chromosome] = found.sites.get(place.chromosome, 0) + len(place.sites)
                    found.left_out.update(place.left_out)
                    for site in place.sites:
                        found.movable += not is_leftmost(site.ref, site.alt)
                        found.size_bytes += _SITE_BYTES + 2 * (1 + populations) + len(site.id)
                        found.size_bytes += stored_bytes(site.copies, 2 * len(people))
                    places += 1
                    if places % _TOLD == 0:
                        pace.at(place.chromosome, before + source.bytes_read(), sum(found.sites.values()))
            before += path.stat().st_size
        reference.close()
    most = chunk_sites(2 * len(people))
    found.sites = {name: count for name, count in found.sites.items() if count}
    found.chunks = {name: -(-count // most) for name, count in found.sites.items()}
    return found

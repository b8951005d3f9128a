"""An export's calls on the panel: places, strands and alleles, and what is refused as not belonging there."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest
from kitloop_genomics.ancestry.estimate import estimate_ancestry
from kitloop_genomics.arrays.alleles import Compared, Counts, compare, settle, turned_share
from kitloop_genomics.arrays.calls import ALLELE_ERROR, calls, error_model, heterozygosity_ratio
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import Export, Sites, read_export
from kitloop_genomics.arrays.placing import COMPLEMENT, Placed, Way, place, plain, ways
from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.bundle.positions import HEADER, PositionTable, read_positions
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import BundleError
from kitloop_genomics.sandbox.array import SimulatedArray, simulate_array
from kitloop_genomics.sandbox.reads import read_reference

Tables = dict[int, dict[str, PositionTable]]


@pytest.fixture(scope="module")
def tables(bundle: Bundle) -> Tables:
    return read_positions(bundle.positions_file)


@pytest.fixture(scope="module")
def simulated(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> SimulatedArray:
    return simulate_array(demo, "kit-1", "23andme", tmp_path_factory.mktemp("array") / "genome.zip")


@pytest.fixture(scope="module")
def export(simulated: SimulatedArray) -> Export:
    return read_export(simulated.export)


def _changed(export: Export, **columns: np.ndarray) -> Export:
    return dataclasses.replace(export, sites=dataclasses.replace(export.sites, **columns))


def _chromosome(*sites: tuple[int, str, float], name: str = "chr1") -> PanelChromosome:
    """A panel chromosome of 100 haplotypes from (position, "REF/ALT", frequency of ALT)."""
    counts = [round(100 * frequency) for _, _, frequency in sites]
    haplotypes = np.array([[1] * count + [0] * (100 - count) for count in counts], np.uint8)
    return PanelChromosome(
        name,
        np.array([position for position, _, _ in sites], np.int64),
        np.array([ord(alleles[0]) for _, alleles, _ in sites], np.uint8),
        np.array([ord(alleles[2]) for _, alleles, _ in sites], np.uint8),
        tuple(f"s{at}" for at in range(len(sites))),
        haplotypes,
        np.zeros(len(sites)),
    )


def _placed(*found: tuple[int, str]) -> Placed:
    return Placed(
        np.array([position for position, _ in found], np.int64),
        np.array([ord(call[0]) for _, call in found], np.uint8),
        np.array([ord(call[1]) if len(call) > 1 else 0 for _, call in found], np.uint8),
    )


def _settled(site: tuple[int, str, float], *calls_there: str, turned: float = 0.001) -> int | None:
    panel = _chromosome(site)
    compared = compare(_placed(*((site[0], call) for call in calls_there)), panel)
    _, copies, _ = settle(compared, panel, turned)
    return int(copies[0]) if len(copies) else None


@pytest.mark.parametrize(
    ("site", "call", "copies"),
    [
        ("A/G", "AA", 0), ("A/G", "AG", 1), ("A/G", "GA", 1), ("A/G", "GG", 2), ("A/G", "G", 2), ("A/G", "A", 0),
        ("A/G", "TT", 0), ("A/G", "TC", 1), ("A/G", "CC", 2), ("A/G", "C", 2),  # turned
        ("A/G", "AC", None), ("A/G", "AT", None), ("A/C", "GG", 2), ("A/C", "AG", None),
        ("A/T", "AT", 1), ("C/G", "GC", 1), ("A/T", "AC", None), ("A/T", "CC", None),
    ],
)  # fmt: skip
def test_a_call_is_turned_only_where_the_strand_shows(site: str, call: str, copies: int | None) -> None:
    assert _settled((100, site, 0.4), call) == copies


@pytest.mark.parametrize(
    ("frequency", "call", "turned", "copies"),
    [
        (0.5, "AA", 0.001, 0),  # the other sites say that turned calls are rare
        (0.5, "AA", 0.1, None),  # both readings are as likely by frequency, and turned calls aren't rare
        (0.05, "AA", 0.1, 0),  # 0.9 · 0.95² against 0.1 · 0.05²
        (0.05, "TT", 0.1, None),  # 0.9 · 0.05² against 0.1 · 0.95²: 2 % against 98 %
        (0.02, "TT", 0.2, 0),  # the panel hardly knows TT here, so it is AA from the other strand
        (0.5, "AA", 0.999, 2),  # a file that is turned as a whole
        (0.5, "AT", 0.5, 1),  # the same on both strands
    ],
)
def test_an_ambiguous_site_is_used_only_where_frequency_settles_it(
    frequency: float, call: str, turned: float, copies: int | None
) -> None:
    assert _settled((100, "A/T", frequency), call, turned=turned) == copies


def test_two_calls_at_one_site_count_once_if_they_agree_and_not_at_all_otherwise() -> None:
    assert _settled((100, "A/G", 0.4), "AG", "GA") == 1
    assert _settled((100, "A/G", 0.4), "AG", "TC") == 1
    assert _settled((100, "A/G", 0.4), "AG", "AA") is None
    panel = _chromosome((100, "A/G", 0.4), (200, "C/T", 0.4))
    compared = compare(_placed((200, "CC"), (100, "AG"), (100, "AG"), (200, "CT"), (100, "AG")), panel)
    site, copies, counts = settle(compared, panel, 0.001)
    assert (site.tolist(), copies.tolist()) == ([0], [1])
    assert (counts.repeated, counts.conflicting, counts.kept) == (2, 2, 5)


def test_calls_outside_the_panel_and_indels_are_counted_apart() -> None:
    panel = _chromosome((100, "A/G", 0.4), (200, "C/T", 0.4))
    found = compare(_placed((50, "AA"), (100, "DI"), (150, "AA"), (200, "CC"), (200, "AA")), panel)
    # AA at C/T reads TT when turned, so it fits; nothing is strange here.
    assert found.counts == Counts(inside=3, in_panel=2, indels=1)
    assert turned_share([found]) == pytest.approx(2 / 4)


def test_each_calls_likelihoods_come_from_errors_of_its_two_alleles() -> None:
    e = ALLELE_ERROR
    model = error_model()
    for call in range(3):
        assert model[call].max() == 1
        assert model[call].argmax() == call
    assert model[0, 1] == pytest.approx(e / (1 - e), rel=0.01)
    assert model[0, 2] == pytest.approx(e**2, rel=0.01)
    # A heterozygous call: one allele misread of either homozygote, two ways.
    assert model[1, 0] == model[1, 2] == pytest.approx(2 * e, rel=0.01)


def plain_calls(
    export: Export, panel: Panel, table: dict[str, PositionTable], turned: float
) -> dict[tuple[str, int], int]:
    """The slow version: one call after another, dictionaries only, the rules as the docstrings state them."""
    names = {number: str(number) for number in range(1, 23)} | {23: "X", 24: "Y", 25: "X", 26: "MT"}
    where = {
        (name, int(at)): (rows.names[int(which)], int(to), bool(minus))
        for name, rows in table.items()
        for at, which, to, minus in zip(rows.position, rows.chromosome, rows.to_position, rows.minus, strict=True)
    }
    known = {
        (row.name, int(at)): (chr(ref), chr(alt), float(frequency))
        for row in panel.chromosomes
        for at, ref, alt, frequency in zip(row.position, row.ref, row.alt, row.alt_frequency, strict=True)
    }
    other = {"A": "T", "T": "A", "C": "G", "G": "C"}
    found: dict[tuple[str, int], set[int]] = {}
    sites = export.sites
    for chromosome, position, first, second in zip(
        sites.chromosome.tolist(), sites.position.tolist(), sites.first.tolist(), sites.second.tolist(), strict=True
    ):
        target = where.get((names[chromosome], position))
        if target is None or target[:2] not in known or chr(first) not in other:
            continue
        ref, alt, p = known[target[:2]]
        pair = [chr(first), chr(second) if second else chr(first)]
        if target[2]:
            pair = [other[letter] for letter in pair]
        readings = [pair, [other[letter] for letter in pair]]
        copies = [reading.count(alt) if set(reading) <= {ref, alt} else None for reading in readings]
        if copies == [None, None]:
            continue
        if None in copies or copies[0] == copies[1]:
            value = copies[0] if copies[0] is not None else copies[1]
        else:
            weights = {0: (1 - p) ** 2, 1: 2 * p * (1 - p), 2: p**2}
            as_is, flipped = (1 - turned) * weights[copies[0]], turned * weights[copies[1]]
            sure = as_is / (as_is + flipped)
            if 0.01 < sure < 0.99:
                continue
            value = copies[0] if sure >= 0.99 else copies[1]
        found.setdefault(target[:2], set()).add(value)
    return {key: min(values) for key, values in found.items() if len(values) == 1}


def test_the_calls_are_those_of_the_slow_version(export: Export, bundle: Bundle, tables: Tables) -> None:
    found = calls(export, bundle.panel, bundle.manifest.build, tables)
    expected = plain_calls(export, bundle.panel, tables[37], found.turned)
    flat = {
        (row.name, int(row.position[at])): int(likelihood.genotype[at].argmax())
        for row, likelihood in zip(bundle.panel.chromosomes, found.found, strict=True)
        for at in np.flatnonzero(likelihood.depth)
    }
    assert flat == expected
    assert found.sites == len(expected) > 700
    for likelihood in found.found:
        assert (likelihood.genotype[likelihood.depth == 0] == 1).all()


def test_the_calls_are_the_persons_genotypes_but_for_the_arrays_errors(
    export: Export, simulated: SimulatedArray, bundle: Bundle, tables: Tables
) -> None:
    found = calls(export, bundle.panel, bundle.manifest.build, tables)
    with pysam.VariantFile(str(simulated.truth_vcf)) as file:
        truth = {(record.chrom, record.pos): sum(record.samples[0]["GT"]) for record in file}
    wrong = total = 0
    for row, likelihood in zip(bundle.panel.chromosomes, found.found, strict=True):
        for at in np.flatnonzero(likelihood.depth):
            total += 1
            wrong += truth[(row.name, int(row.position[at]))] != likelihood.genotype[at].argmax()
    assert total > 700
    assert wrong / total < 0.008


def test_the_earlier_builds_bases_are_the_references_turned_where_it_ran_the_other_way(
    bundle: Bundle, tables: Tables
) -> None:
    sequences = read_reference(bundle.reference)
    for name, table in tables[37].items():
        assert (np.diff(table.position) > 0).all()
        assert table.names[0] == "chr1"
        turned = table.minus
        assert 0.01 < turned.mean() < 0.4
        (stretch,) = [np.flatnonzero(turned)]
        assert (np.diff(stretch) == 1).all()
        assert (np.diff(table.to_position[stretch]) < 0).all()
        assert (table.position != table.to_position).all()
        assert set(np.unique(sequences[f"chr{name}"][table.to_position - 1])) <= set(b"ACGT")


def test_a_file_that_names_no_build_is_read_in_the_way_that_fits(
    export: Export, bundle: Bundle, tables: Tables
) -> None:
    stated = calls(export, bundle.panel, bundle.manifest.build, tables)
    found = calls(dataclasses.replace(export, build=None), bundle.panel, bundle.manifest.build, tables)
    assert (found.build, found.sites) == (37, stated.sites)


def test_positions_of_the_bundles_own_build_are_taken_as_they_are(bundle: Bundle) -> None:
    row = bundle.panel.chromosomes[0]
    at = np.arange(0, len(row.position), 20)
    sites = Sites(np.full(len(at), 1, np.uint8), row.position[at], row.ref[at], row.alt[at])
    export = Export(Path("x"), Vendor.MYHERITAGE, "", 38, len(at), 0, 0, sites)
    found = calls(export, bundle.panel, "GRCh38", {})
    assert (found.build, found.counts.kept, found.counts.turned) == (38, len(at), 0)
    assert (found.found[0].genotype[at].argmax(axis=1) == 1).all()


def test_a_build_that_the_bundle_cannot_place_is_refused(export: Export, bundle: Bundle, tables: Tables) -> None:
    with pytest.raises(ExportError, match="genome build 38, and the reference bundle is of kitloop-demo-1") as caught:
        calls(dataclasses.replace(export, build=38), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_build"
    with pytest.raises(ExportError):
        ways(export, "GRCh38", {})
    assert ways(export, "GRCh37", tables) == [Way(37, None)]


def test_positions_of_another_build_are_refused_as_a_mismatch(export: Export, bundle: Bundle, tables: Tables) -> None:
    rng = np.random.default_rng(1)
    strange = _changed(export, position=rng.choice(tables[37]["1"].position, len(export.sites)) + 7)
    through_none = {37: {name: _everywhere() for name in tables[37]}}
    with pytest.raises(ExportError, match="of its positions are sites of the reference panel") as caught:
        calls(strange, bundle.panel, bundle.manifest.build, through_none)
    assert caught.value.code == "array_mismatch"


def _everywhere() -> PositionTable:
    """A table that leaves every position of chromosome 1 where it is, right or wrong."""
    at = np.arange(1, 2_100_000, dtype=np.int64)
    return PositionTable(("chr1",), at, np.zeros(len(at), np.int16), at, np.zeros(len(at), np.bool_))


def test_alleles_of_another_species_are_refused_as_a_mismatch(export: Export, bundle: Bundle, tables: Tables) -> None:
    rng = np.random.default_rng(2)
    count = len(export.sites)
    bases = np.frombuffer(b"ACGT", np.uint8)
    strange = _changed(export, first=rng.choice(bases, count), second=rng.choice(bases, count))
    with pytest.raises(ExportError, match="alleles that nobody in the reference panel has") as caught:
        calls(strange, bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_mismatch"


def _turned(export: Export, share: float) -> Export:
    turn = np.random.default_rng(3).random(len(export.sites)) < share
    first = np.where(turn, COMPLEMENT[export.sites.first], export.sites.first)
    return _changed(export, first=first, second=np.where(turn, COMPLEMENT[export.sites.second], export.sites.second))


def test_a_file_of_mixed_strands_is_refused_and_one_that_is_turned_as_a_whole_is_turned_back(
    export: Export, bundle: Bundle, tables: Tables
) -> None:
    with pytest.raises(ExportError, match="on the wrong strand") as caught:
        calls(_turned(export, 0.5), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_mismatch"
    as_is = calls(export, bundle.panel, bundle.manifest.build, tables)
    whole = calls(_turned(export, 1.0), bundle.panel, bundle.manifest.build, tables)
    assert whole.turned == pytest.approx(1 - as_is.turned)
    for one, other in zip(as_is.found, whole.found, strict=True):
        both = (one.depth > 0) & (other.depth > 0)
        assert both.sum() > 300
        assert (one.genotype[both] == other.genotype[both]).all()


def test_an_export_of_a_few_sites_is_refused_as_too_sparse(export: Export, bundle: Bundle, tables: Tables) -> None:
    few = np.flatnonzero(export.sites.chromosome == 1)[:30]
    sites = Sites(*(getattr(export.sites, name)[few] for name in ("chromosome", "position", "first", "second")))
    with pytest.raises(ExportError, match="lie within the reference panel") as caught:
        calls(dataclasses.replace(export, sites=sites), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_too_sparse"
    none = Sites(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint8))
    with pytest.raises(ExportError):
        calls(dataclasses.replace(export, sites=none), bundle.panel, bundle.manifest.build, tables)


def _mixed(one: Export, other: Export) -> Export:
    """The calls of two people's DNA on one array, where they show at most two alleles."""

    def by_place(sites: Sites) -> dict[tuple[int, int], set[int]]:
        rows = zip(
            sites.chromosome.tolist(), sites.position.tolist(), sites.first.tolist(), sites.second.tolist(), strict=True
        )
        return {(chromosome, position): {first, second} - {0} for chromosome, position, first, second in rows}

    mine, theirs = by_place(one.sites), by_place(other.sites)
    rows = [
        (*place, min(mine[place] | theirs[place]), max(mine[place] | theirs[place]))
        for place in mine.keys() & theirs.keys()
        if len(mine[place] | theirs[place]) <= 2
    ]
    chromosome, position, first, second = zip(*rows, strict=True)
    sites = Sites(
        np.array(chromosome, np.uint8), np.array(position), np.array(first, np.uint8), np.array(second, np.uint8)
    )
    return dataclasses.replace(one, sites=sites)


def test_two_peoples_dna_on_one_array_shows_in_its_heterozygosity(
    demo: Demo, bundle: Bundle, tables: Tables, tmp_path: Path
) -> None:
    people = [
        read_export(simulate_array(demo, f"person {at}", "ancestrydna", tmp_path / f"{at}.txt").export)
        for at in range(4)
    ]
    limit = bundle.thresholds["quality_controls"]["array_heterozygosity_ratio_max"]

    def ratio(export: Export) -> float:
        found = calls(export, bundle.panel, bundle.manifest.build, tables).found
        ancestry = estimate_ancestry(bundle.panel, found)
        assert ancestry is not None
        return heterozygosity_ratio(found, bundle.panel, ancestry.share) or 0.0

    assert all(0.6 < ratio(person) < limit - 0.1 for person in people)
    assert all(ratio(_mixed(people[at], people[at + 1])) > limit + 0.1 for at in (0, 2))


def test_names_of_sequences_agree_with_or_without_chr() -> None:
    assert [plain(name) for name in ("chr1", "1", "chrX", "chrM", "MT")] == ["1", "1", "X", "MT", "MT"]
    sites = Sites(
        np.array([1, 26], np.uint8), np.array([5, 6]), np.array([65, 65], np.uint8), np.array([65, 0], np.uint8)
    )
    assert set(place(sites, Way(38, None), ["1", "chrM", "chr2"])) == {"1", "chrM"}


def _table(folder: Path, *lines: str) -> Path:
    path = folder / "positions.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return path


def test_a_position_table_may_be_in_any_order_and_span_builds(tmp_path: Path) -> None:
    found = read_positions(
        _table(tmp_path, HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t5\tchr3\t50\t-", "36\t1\t1\tchr1\t2\t+")
    )
    table = found[37]["2"]
    assert table.position.tolist() == [5, 9]
    assert [table.names[at] for at in table.chromosome] == ["chr3", "chr2"]
    assert (table.to_position.tolist(), table.minus.tolist()) == ([50, 90], [True, False])
    assert found[36]["1"].to_position.tolist() == [2]
    assert read_positions(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("37\t2\t9\tchr2\t90\t+",), "the header is missing"),
        ((HEADER, "37\t2\t9\tchr2\t90"), "line 2"),
        ((HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\tx\tchr2\t90\t+"), "line 3"),
        ((HEADER, "37\t2\t9\tchr2\t90\t*"), "line 2"),
        ((HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t9\tchr2\t91\t+"), "chromosome 2 twice"),
    ],
)
def test_a_broken_position_table_names_the_line(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BundleError, match=problem):
        read_positions(_table(tmp_path, *lines))


def test_a_damaged_position_table_is_a_bundle_error(tmp_path: Path) -> None:
    path = _table(tmp_path, HEADER, *(f"37\t2\t{at}\tchr2\t{at}\t+" for at in range(1, 500)))
    for damaged in (
        path.read_bytes()[:-20],
        b"plain text",
        path.read_bytes().replace(path.read_bytes()[40:44], b"\0\0\0\0"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(BundleError):
            read_positions(path)


def test_a_table_that_leads_outside_the_reference_is_found_by_the_check(demo: Demo, tmp_path: Path) -> None:
    import shutil

    from kitloop_genomics.bundle.manifest import read_manifest, write_manifest

    copy = tmp_path / "bundle"
    shutil.copytree(demo.bundle, copy)
    _table(copy, HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t10\tchr2\t2000001\t+", "37\t2\t11\tchr9\t5\t+")
    write_manifest(copy, dataclasses.replace(read_manifest(copy), files={}))
    (problem,) = check_bundle(copy)
    assert "2 sites of chromosome 2 of build 37 lead outside the reference" in str(problem)
    assert open_bundle(copy).positions_file == copy / "positions.tsv.gz"


def test_compared_is_clear_only_where_one_strand_fits() -> None:
    one = Compared(np.arange(4), np.array([0, -1, 1, -1], np.int8), np.array([-1, 2, 1, -1], np.int8), Counts())
    assert one.clear.tolist() == [True, True, False, False]
    assert turned_share([one]) == pytest.approx(2 / 4)

"""Simulate the raw-data export of a synthetic person's array."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from kitloop_genomics.arrays.vendors import MT, Vendor, X, Y
from kitloop_genomics.bundle.open import read_contigs
from kitloop_genomics.bundle.positions import FILE_NAME, read_positions
from kitloop_genomics.demo.build import Demo, open_demo
from kitloop_genomics.demo.positions import EARLIER_BUILD
from kitloop_genomics.errors import InputError
from kitloop_genomics.sandbox.array_text import Row, export_text, export_zip
from kitloop_genomics.sandbox.chip import ChipChromosome, chip
from kitloop_genomics.sandbox.person import Person, PersonChromosome, draw_person, generator, held_out_frequency
from kitloop_genomics.sandbox.truth import write_truth_json, write_truth_vcf
from kitloop_genomics.writing import folder_beside, writing

NO_CALL_RATE = 0.012
ERROR_RATE = 0.002  # of calls: one of the two alleles is the other one
_INTERNAL_SHARE = 0.02  # of sites with a number of the vendor's own instead of dbSNP's
_REPEATED_SHARE = 0.004  # of sites with a second probe
# Chromosomes that the demo's panel doesn't have: how many sites, from and up to which bp.
_OUTSIDE = ((X, 40, 5_000_000, 6_000_000), (Y, 12, 7_000_000, 8_000_000), (MT, 25, 200, 16_500))
_INDELS = 12
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, slots=True)
class SimulatedArray:
    """The files of one simulated export. `rows` counts its lines of data, those without a call among them."""

    export: Path
    truth_vcf: Path
    truth_json: Path
    rows: int


def simulate_array(demo: Demo | Path, seed: str, vendor: Vendor | str, out: Path) -> SimulatedArray:
    """Write the export of the person of `seed`, the one whom `simulate_reads` sequences, to `out`.

    `out` is a zip if it ends in .zip, else the plain text. Its name with `.truth.vcf.gz` (indexed) and `.truth.json` in
    place of the ending are written beside it. The same demo, seed and vendor give the same bytes. Raises
    `InputError` for an unknown vendor and `BundleError` for a demo that can't be used.
    """
    demo = demo if isinstance(demo, Demo) else open_demo(Path(demo))
    try:
        vendor = Vendor(vendor)
    except ValueError:
        raise InputError(f"unknown vendor '{vendor}': choose from {', '.join(Vendor)}") from None
    lengths = read_contigs(demo.bundle / "reference.fa.fai")
    person = draw_person(demo, seed, lengths)
    tables = read_positions(demo.bundle / FILE_NAME)[EARLIER_BUILD]
    sites = chip(vendor, person, held_out_frequency(demo), tables)
    rng = generator("array", f"{vendor}:{seed}")
    male = bool(generator("sex", seed).random() < 0.5)
    rows = [*_rows(person, sites, rng), *_other_rows(vendor, rng, male)]
    when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=2 * int(rng.integers(0, 10_000_000)))
    text = export_text(vendor, rows, EARLIER_BUILD, when)
    out = Path(out)
    facts: dict[str, object] = {
        "seed": seed, "vendor": vendor.value, "rows": len(rows), "sex": "male" if male else "female",
        "error_rate": ERROR_RATE, "no_call_rate": NO_CALL_RATE,
    }  # fmt: skip
    with folder_beside(out) as work:
        zipped = out.suffix.lower() == ".zip"
        with writing(out):
            (work / "export").write_bytes(export_zip(vendor, text, when) if zipped else text)
        write_truth_vcf(work, person, lengths, source="simulate array")
        write_truth_json(work, person, facts)
        for name in ("truth.vcf.gz", "truth.vcf.gz.tbi", "truth.json"):
            os.replace(work / name, out.with_name(f"{out.stem}.{name}"))
        os.replace(work / "export", out)
    truth = out.with_name(f"{out.stem}.truth.vcf.gz"), out.with_name(f"{out.stem}.truth.json")
    return SimulatedArray(out, *truth, len(rows))


def _rows(person: Person, sites: list[ChipChromosome], rng: np.random.Generator) -> list[Row]:
    """The person's calls at the array's sites, with its gaps and errors."""
    rows = []
    for number, (row, places) in enumerate(zip(person.chromosomes, sites, strict=True), 1):
        for at, position, minus, flipped in zip(
            places.at.tolist(), places.position.tolist(), places.minus.tolist(), places.flipped.tolist(), strict=True
        ):
            name = _name(row, at, rng)
            for again in range(1 + int(rng.random() < _REPEATED_SHARE)):
                called = _alleles(row, at, rng)
                called = called.translate(_COMPLEMENT) if minus != flipped else called
                rows.append(Row(f"i{rng.integers(6_000_000, 7_000_000)}" if again else name, number, position, called))
    return rows


def _alleles(row: PersonChromosome, at: int, rng: np.random.Generator) -> str:
    if rng.random() < NO_CALL_RATE:
        return ""
    carried = row.haplotypes[at].tolist()
    if rng.random() < ERROR_RATE:
        carried[int(rng.integers(2))] ^= 1
    ref, alt = chr(row.ref[at]), chr(row.alt[at])
    return "".join(alt if copy else ref for copy in carried)


def _name(row: PersonChromosome, at: int, rng: np.random.Generator) -> str:
    own = f"i{rng.integers(6_000_000, 7_000_000)}"
    return own if rng.random() < _INTERNAL_SHARE or not row.ids[at] else str(row.ids[at])


def _other_rows(vendor: Vendor, rng: np.random.Generator, male: bool) -> list[Row]:
    """What real exports hold beside the autosomes: X, Y and MT, haploid or empty by sex, insertions and deletions.

    The sites are invented and belong to the vendor, the calls to the person.
    """
    fixed = generator("chip-outside", vendor)
    rows = []
    for chromosome, count, first_bp, last_bp in _OUTSIDE:
        if chromosome == MT and vendor is Vendor.MYHERITAGE:
            continue  # its exports have no mitochondrial sites
        for position in fixed.choice(np.arange(first_bp, last_bp), count, replace=False).tolist():
            pair = "".join(fixed.choice(list("ACGT"), 2, replace=False).tolist())
            first, second = (pair[side] for side in rng.integers(0, 2, 2).tolist())
            haploid = chromosome == MT or male
            call = "" if chromosome == Y and not male else first if haploid else first + second
            rows.append(Row(f"i{fixed.integers(700_000, 800_000)}", chromosome, position, call))
    for _ in range(_INDELS):
        call = ("II", "DD", "DI")[int(rng.integers(3))]
        rows.append(
            Row(
                f"i{fixed.integers(5_000_000, 5_100_000)}",
                int(fixed.integers(1, 3)),
                int(fixed.integers(1, 2_000_000)),
                call,
            )
        )
    return rows

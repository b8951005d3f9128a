"""Sex from an array: each vendor's ways with X and Y lead to the same karyotype, and X counts once for who has one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest
from array_files import ancestry, myheritage, twentythree
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.arrays.sex import sex_of_array
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.sex_chromosomes import HUMAN_PAR
from kitloop_genomics.pipeline import analyse_array
from kitloop_genomics.quality.review import Expected, Sex
from sexed import PAR, Chromosome

X_START, Y_START = 3_000_000, 7_000_000  # outside the pairing regions
Writer = Callable[..., bytes]


def _rows(vendor: Writer, x_heterozygous: float, y_called: float, x_calls: int = 250, y_probes: int = 60) -> list[str]:
    """1,200 autosomal calls of which a third are heterozygous, and X and Y as `vendor` writes them."""
    names = {"X": "23", "Y": "24", "PAR": "25"} if vendor is ancestry else {"X": "X", "Y": "Y", "PAR": "X"}
    once = "A" if vendor is twentythree and x_heterozygous == 0 else "AA"
    nothing = "00" if vendor is ancestry else "--"
    calls = [("1", 1_000 + at, "AG" if at % 3 == 0 else "AA") for at in range(1_200)]
    many = round(x_heterozygous * x_calls)
    calls += [(names["X"], X_START + at, "AG" if at < many else once) for at in range(x_calls)]
    # Where X pairs with Y a man has two alleles as everybody has.
    calls += [(names["PAR"], 100_000 + at, "AG") for at in range(40)]
    called = round(y_called * y_probes)
    of_y = "C" if vendor is twentythree else "CC"
    calls += [(names["Y"], Y_START + at, of_y if at < called else nothing) for at in range(y_probes)]
    cells = [(name, at, " ".join(cell) if vendor is ancestry else cell) for name, at, cell in calls]
    return [f"rs{number} {name} {at} {cell}" for number, (name, at, cell) in enumerate(cells)]


@pytest.mark.parametrize("vendor", [twentythree, ancestry, myheritage])
@pytest.mark.parametrize(
    ("x_heterozygous", "y_called", "karyotype"),
    [
        (0.0, 0.95, "XY"),
        (0.02, 0.9, "XY"),  # errors of AncestryDNA's
        (0.25, 0.0, "XX"),
        (0.25, 0.15, "XX"),  # X answering Y's probes
        (0.25, 0.9, "XXY"),
        (0.0, 0.0, "X0"),
        (0.08, 0.9, "undetermined"),  # a quarter of the autosomes' heterozygosity is of neither
        (0.0, 0.4, "undetermined"),
    ],
)
def test_every_vendors_writing_of_x_and_y_tells_the_karyotype(
    vendor: Writer, x_heterozygous: float, y_called: float, karyotype: str, tmp_path: Path
) -> None:
    (tmp_path / "export.txt").write_bytes(vendor(*_rows(vendor, x_heterozygous, y_called)))
    export = read_export(tmp_path / "export.txt")
    assert export.no_calls_on_y == 60 - round(60 * y_called)
    found = sex_of_array(export, HUMAN_PAR[37])
    assert found.karyotype == karyotype
    assert found.y_called == pytest.approx(y_called, abs=0.01)
    assert found.x_ratio == pytest.approx(3 * x_heterozygous, abs=0.01)


@pytest.mark.parametrize(("x_calls", "y_probes"), [(199, 60), (250, 49), (0, 0)])
def test_too_few_probes_leave_the_sex_open(x_calls: int, y_probes: int, tmp_path: Path) -> None:
    rows = _rows(twentythree, 0.0, 0.9, x_calls, y_probes)
    (tmp_path / "export.txt").write_bytes(twentythree(*rows))
    assert sex_of_array(read_export(tmp_path / "export.txt"), HUMAN_PAR[37]).karyotype == "undetermined"


def _export(genome: dict[str, Chromosome], vendor: Writer, man: bool) -> bytes:
    """Every second site of the sexed genome as an array would call it of its first held-out person."""
    rows = []
    numbers = {"chr1": "1", "chrX": "23", "chrY": "24", "chrM": "26"}
    for name, one in genome.items():
        label = numbers[name] if vendor is ancestry else name.removeprefix("chr").replace("M", "MT")
        for at, alt, pair in zip(one.position.tolist(), one.alt.tolist(), one.other[:, :2].tolist(), strict=True):
            in_par = name == "chrX" and any(first <= at <= last for first, last in PAR)
            single = name in ("chrY", "chrM") or (name == "chrX" and man and not in_par)
            letters = [chr(alt if allele else one.bases[at - 1]) for allele in (pair[:1] * 2 if single else pair)]
            cell = letters[0] if single and vendor is twentythree else "".join(letters)
            if name == "chrY" and not man:
                cell = "00" if vendor is ancestry else "--"
            place = "25" if vendor is ancestry and in_par else label
            rows.append(f"rs{at} {place} {at} {' '.join(cell) if vendor is ancestry else cell}")
    return vendor(*rows[::2])


@pytest.mark.parametrize(
    ("vendor", "man", "declared", "held"), [(twentythree, True, None, []), (ancestry, False, "XY", ["sex_discordant"])]
)
def test_x_of_an_array_counts_as_often_as_the_person_has_it_whatever_is_declared(
    vendor: Writer,
    man: bool,
    declared: Sex | None,
    held: list[str],
    sexed_genome: dict[str, Chromosome],
    sexed_bundle: Bundle,
    tmp_path: Path,
) -> None:
    (tmp_path / "export.txt").write_bytes(_export(sexed_genome, vendor, man))
    found = analyse_array(
        sexed_bundle, tmp_path / "export.txt", sample_id="kit", out=tmp_path / "out", expected=Expected(sex=declared)
    )
    assert found.status == "succeeded"
    control = next(one for one in found.quality_controls if one.type.key == "sex_string")
    assert (control.value_string, control.verdict) == ("XY" if man else "XX", "hold" if held else "pass")
    assert [hold.code for hold in found.holds] == held
    assert found.metrics["y_called_fraction"] == float(man)
    assert (found.metrics["x_heterozygosity_ratio"] == 0.0) == man
    calls: dict[str, list[tuple[int | None, ...]]] = {}
    with pysam.VariantFile(str(tmp_path / "out" / "imputed.vcf.gz")) as file:
        for record in file:
            pairs = record.chrom == "chrX" and any(first <= record.pos <= last for first, last in PAR)
            calls.setdefault("pairing" if pairs else record.chrom, []).append(record.samples[0]["GT"])
    assert {len(gt) for gt in calls["pairing"]} == {2}
    assert {len(gt) for gt in calls["chrX"]} == {1 if man else 2}
    assert set(calls["chrY"]) <= ({(0,), (1,)} if man else {(None,)})
    if man:
        x = sexed_genome["chrX"]
        between = (x.position > PAR[0][1]) & (x.position < PAR[1][0])
        assert (np.array(calls["chrX"])[:, 0] == x.other[between, 0]).mean() > 0.98

"""Reading the imputed genotypes of a sample at some places, by the VCF's own index: never more of it than that."""

import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pysam
from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from kitloop.base import objects
from kitloop.base.errors import FieldErrors, KitloopError
from kitloop.base.jobs import defer
from kitloop.kits.models import Sample
from kitloop.runs.models import File
from kitloop.runs.rsids import places_of

Info = str | int | float | bool | list["Info"] | None


class NoVariants(KitloopError):
    """The sample has no imputed genotypes: not yet, or its quality control failed."""

    code = "no_imputed_variants"


class BeingIndexed(KitloopError):
    """The rsIDs of this sample can't be looked up yet; a job makes their index."""

    code = "rsids_being_indexed"


@dataclass(frozen=True, slots=True)
class Region:
    """`start` to `end` on a chromosome, 1-based, both included."""

    chromosome: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of a VCF. `genotype`: the sample's column by its FORMAT keys, as it is written. None: missing."""

    chromosome: str
    position: int
    names: str | None
    ref: str
    alt: tuple[str, ...]
    quality: float | None
    info: dict[str, Info]
    genotype: dict[str, str] | None

    @property
    def confidence(self) -> float | None:
        """The posterior of the likeliest genotype, 0 to 1; none where the file has none."""
        values = [_number(text) for text in (self.genotype or {}).get("GP", "").split(",")]
        known = [value for value in values if value is not None]
        return max(known) if known else None


class Rows:
    """Rows of a VCF in its order, parsed when a page of them is looked at."""

    def __init__(self, lines: list[str], kinds: Mapping[str, tuple[str, str]]) -> None:
        self.lines, self.kinds = lines, kinds

    def count(self) -> int:
        return len(self.lines)

    def __getitem__(self, wanted: slice) -> list[Variant]:
        return [_parsed(line, self.kinds) for line in self.lines[wanted]]


def variants_in(sample: Sample, region: Region) -> Rows:
    """The sample's variants that begin in a region. Raises NoVariants, and FieldErrors for a chromosome that its reference has not."""
    vcf = _vcf_of(sample)
    with _opened(vcf) as file:
        header = _header(file)
        contig = _contig(region.chromosome, [*file.contigs, *header.contigs])
        return Rows(list(_lines(file, contig, region.start, region.end)), _kinds(header))


def variants_named(sample: Sample, rsids: Iterable[str]) -> Rows:
    """The sample's variants with these rsIDs; those that are unknown are left out. Raises NoVariants and BeingIndexed."""
    vcf, wanted = _vcf_of(sample), set(rsids)
    places = places_of(vcf.object_key, wanted)
    if places is None:
        _ask_for_index(vcf.object_key)
        raise BeingIndexed("The rsIDs of this sample are being indexed. Ask again in a minute, or by position.")
    with _opened(vcf) as file:
        order = {contig: at for at, contig in enumerate(file.contigs)}
        found = [
            line
            for contig, position in sorted(set(places), key=lambda place: (order.get(place[0], 0), place[1]))
            for line in _lines(file, contig, position, position)
            if wanted & set(line.split("\t", 3)[2].split(";"))
        ]
        return Rows(found, _kinds(_header(file)))


def _ask_for_index(vcf_key: str) -> None:
    """For what was analyzed before there were such indexes. Asked again and again, it is one job."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        defer("runs.index_rsids", lock=f"rsids:{vcf_key}", vcf_key=vcf_key)


def _vcf_of(sample: Sample) -> File:
    vcf = File.objects.filter(run_id=sample.run_id, file_type="impute-vcf").first() if sample.run_id else None
    if vcf is None:
        raise NoVariants("Sample does not have imputed variants.")
    return vcf


def _opened(vcf: File) -> pysam.TabixFile:
    """The VCF with its index, of which CSI reaches farther (past 2^29)."""
    keys = dict(File.objects.filter(run_id=vcf.run_id).values_list("file_type", "object_key"))
    index = objects.path_of(keys.get("impute-csi") or keys["impute-tbi"])
    return pysam.TabixFile(str(objects.path_of(vcf.object_key)), index=str(index), encoding="utf-8")


def _contig(asked: str, known: Collection[str]) -> str:
    """The reference's own name for a chromosome, which may be asked for with and without `chr`."""
    for name in (asked, asked.removeprefix("chr") if asked.startswith("chr") else f"chr{asked}"):
        if name in known:
            return name
    raise FieldErrors({"chromosome": [f'"{asked}" is not a valid choice.']})


def _lines(file: pysam.TabixFile, contig: str, start: int, end: int) -> Iterable[str]:
    if contig not in file.contigs:  # the reference has it, the panel has nothing on it
        return
    for line in file.fetch(contig, start - 1, end):
        if start <= int(line.split("\t", 2)[1]) <= end:  # a deletion that began before only reaches in
            yield line


def _header(file: pysam.TabixFile) -> pysam.VariantHeader:
    header = pysam.VariantHeader()
    for line in file.header:
        if line.startswith("##"):
            header.add_line(line)
    return header


def _kinds(header: pysam.VariantHeader) -> dict[str, tuple[str, str]]:
    """Type and number of each INFO field, as the header declares them."""
    return {name: (str(field.type), str(field.number)) for name, field in header.info.items()}


def _parsed(line: str, kinds: Mapping[str, tuple[str, str]]) -> Variant:
    chromosome, position, names, ref, alt, quality, _, info, *rest = line.split("\t")
    # Fields at the end may be left out where they are missing.
    genotype = dict(zip(rest[0].split(":"), rest[1].split(":"), strict=False)) if len(rest) > 1 else None
    return Variant(
        chromosome=chromosome,
        position=int(position),
        names=None if names == "." else names,
        ref=ref,
        alt=() if alt == "." else tuple(alt.split(",")),
        quality=_number(quality),
        info={} if info == "." else dict(_info(field, kinds) for field in info.split(";")),
        genotype=genotype,
    )


def _info(field: str, kinds: Mapping[str, tuple[str, str]]) -> tuple[str, Info]:
    name, is_set, text = field.partition("=")
    if not is_set:
        return name, True
    kind, number = kinds.get(name, ("String", "1"))
    values: list[Info] = [_typed(each, kind) for each in text.split(",")]
    return name, values[0] if number == "1" and len(values) == 1 else values


def _typed(text: str, kind: str) -> Info:
    if text == ".":
        return None
    if kind in {"Integer", "Float"}:
        value = _number(text)
        return int(value) if kind == "Integer" and value is not None else value
    return text


def _number(text: str) -> float | None:
    """None where it is missing, and where JSON has no word for it."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

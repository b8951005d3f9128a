"""The quality controls: their names as on the wire, and how a measurement becomes a verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from kitloop_genomics.quality.reason import Reason

Status = Literal["succeeded", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class ControlType:
    """One kind of control. `limit` says on which side of the threshold failing lies; None for yes-or-no ones.

    code and message are those of the reason given when it fails.
    """

    key: str
    name: str
    type: Literal["int", "float", "bool", "string"]
    display_type: str
    description: str
    limit: Literal["min", "max"] | None
    code: str
    message: str


_LITTLE = ("too_little_data", "Too few bases were sequenced for a reliable result.")
_COVERED = ("too_little_coverage", "Too little of the genome was covered for a reliable result.")

CONTROL_TYPES = (
    ControlType("format", "Valid FASTQ format", "bool", "boolean",
                "Both files are whole gzipped FASTQ files with reads in them.", None, "fastq_malformed", ""),
    ControlType("read_pairing", "Reads are paired", "bool", "boolean",
                "R1 and R2 hold the same reads in the same order.", None, "fastq_mispaired", ""),
    ControlType("checksum", "Files arrived unchanged", "bool", "boolean",
                "The SHA-256 of both files is the one that was announced.", None, "checksum_mismatch", ""),
    ControlType("bases_min", "Bases sequenced", "int", "number",
                "Bases in both files, at least.", "min", *_LITTLE),
    ControlType("bases_max", "Bases sequenced, maximum", "int", "number",
                "Bases in both files, at most.", "max",
                "too_much_data", "Far more bases were sequenced than one low-pass sample has."),
    ControlType("bases_dedup_min", "Bases without duplicates", "int", "number",
                "Bases left after duplicate reads are set aside.", "min", *_LITTLE),
    ControlType("bases_dedup_mapped_min", "Mapped bases without duplicates", "int", "number",
                "Bases of mapped reads left after duplicate reads are set aside.", "min", *_LITTLE),
    ControlType("mapped_fraction_min", "Reads mapped", "float", "percentage",
                "Share of reads that map to the reference genome.", "min",
                "low_mapping", "Too few reads match the reference genome: another species, or a failed library."),
    ControlType("duplicates_fraction_max", "Duplicate reads", "float", "percentage",
                "Share of mapped reads that copy another read.", "max",
                "too_many_duplicates", "Too many reads are copies of one another."),
    ControlType("snps_min", "Panel variants covered", "int", "number",
                "Panel variants seen by at least one read.", "min", *_COVERED),
    ControlType("effective_coverage_min", "Effective coverage", "float", "number",
                "Mean depth that would cover as many panel variants: -ln(1 - covered share).", "min", *_COVERED),
    ControlType("call_rate_min", "Call rate", "float", "percentage",
                "Share of panel variants whose genotype is at least 90 % sure.", "min",
                "low_confidence", "Too few genotypes could be determined with confidence."),
    ControlType("cc_min", "Call confidence", "float", "number",
                "Mean confidence of the likeliest genotype at common panel variants.", "min",
                "low_confidence", "Too few genotypes could be determined with confidence."),
    ControlType("hzy_max", "Heterozygosity", "float", "percentage",
                "Share of panel variants with two different alleles.", "max",
                "unusual_heterozygosity", "More variants have two different alleles than one person's should."),
    ControlType("fraction_contamination_max", "Contamination", "float", "percentage",
                "Estimated share of reads from another person of the same species.", "max",
                "contaminated", "The sample holds DNA of more than one person."),
)  # fmt: skip


# Of an array there are no reads: these take the place of those that count them.
ARRAY_CONTROL_TYPES = (
    ControlType("format", "Valid array export", "bool", "boolean",
                "The file is a whole export of a known vendor whose positions and alleles fit the panel.", None,
                "array_malformed", ""),
    *(kind for kind in CONTROL_TYPES if kind.key == "checksum"),
    ControlType("array_call_rate_min", "Array call rate", "float", "percentage",
                "Share of the array's sites that have a genotype.", "min",
                "array_low_call_rate", "Too many of the array's sites have no genotype."),
    ControlType("array_match_rate_min", "Sites in the panel", "float", "percentage",
                "Share of the array's genotypes, within the panel's reach, that are at panel variants.", "min",
                "array_low_match_rate", "Too few of the array's sites are known to the reference panel."),
    ControlType("array_strange_rate_max", "Alleles unknown to the panel", "float", "percentage",
                "Share of genotypes at panel variants whose alleles nobody in the panel has.", "max",
                "array_strange_alleles", "Too many genotypes have alleles that nobody in the reference panel has."),
    ControlType("array_sites_min", "Panel variants on the array", "int", "number",
                "Panel variants with a usable genotype.", "min",
                "array_too_sparse", "Too few genotypes could be used for a reliable result."),
    ControlType("array_heterozygosity_ratio_max", "Heterozygosity on the array", "float", "number",
                "Usable genotypes with two different alleles, as a multiple of what the person's ancestry expects.", "max",
                "unusual_heterozygosity", "More variants have two different alleles than one person's should."),
    *(kind for kind in CONTROL_TYPES if kind.key in ("call_rate_min", "cc_min", "hzy_max", "fraction_contamination_max")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Control:
    """One control of one sample. Values are None for yes-or-no controls and for what wasn't measured."""

    type: ControlType
    value_expected: float | None
    value_measured: float | None
    value_string: str
    status: Status

    def as_json(self) -> dict[str, Any]:
        """As in `result.json`."""
        kind = asdict(self.type)
        shown = {name: kind[name] for name in ("key", "name", "type", "display_type", "description")}
        return {
            **shown,
            "value_expected": self.value_expected,
            "value_measured": self.value_measured,
            "value_string": self.value_string,
            "status": self.status,
        }


def judge(
    measured: dict[str, float | bool | None],
    thresholds: dict[str, float],
    said: dict[str, str],
    kinds: tuple[ControlType, ...] = CONTROL_TYPES,
) -> list[Control]:
    """Every control of `kinds` in order, with its verdict.

    A control that wasn't measured (absent or None), or for which the bundle has no threshold, is `skipped`.
    `said` gives the short text of yes-or-no controls and of what doesn't apply, at most 128 characters.
    """
    controls = []
    for kind in kinds:
        value = measured.get(kind.key)
        if kind.limit is None:
            status: Status = "skipped" if value is None else "succeeded" if value else "failed"
            controls.append(Control(kind, None, None, said.get(kind.key, "")[:128], status))
            continue
        expected = thresholds.get(kind.key)
        status = "skipped"
        if value is not None and expected is not None:
            fine = value >= expected if kind.limit == "min" else value <= expected
            status = "succeeded" if fine else "failed"
        number = None if value is None else float(f"{float(value):.6g}") if kind.type == "float" else int(value)
        controls.append(Control(kind, expected, number, said.get(kind.key, "")[:128], status))
    return controls


def reasons(controls: list[Control]) -> list[Reason]:
    """One reason per code for the numeric controls that failed, in their order."""
    found: dict[str, Reason] = {}
    for control in controls:
        if control.status == "failed" and control.type.limit is not None:
            found.setdefault(control.type.code, Reason(control.type.code, control.type.message))
    return list(found.values())

"""The quality controls: their names as on the wire, and how a measurement becomes a verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from kitloop_genomics.quality.limits import Limits
from kitloop_genomics.quality.reason import Reason

Status = Literal["succeeded", "failed", "skipped"]  # as on the wire, which knows no warning
Verdict = Literal["pass", "warn", "fail", "hold", "skipped"]


@dataclass(frozen=True, slots=True)
class ControlType:
    """One kind of control. `limit` says on which side of the threshold failing lies; None for yes-or-no ones.

    code and message are those of the reason given when it fails. holds: what isn't so is for a person to look at, and
    fails nothing.
    """

    key: str
    name: str
    type: Literal["int", "float", "bool", "string"]
    display_type: str
    description: str
    limit: Literal["min", "max"] | None
    code: str
    message: str
    holds: bool = False


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
    ControlType("expected_r2_min", "Expected accuracy", "float", "number",
                "Squared correlation with the true genotypes at common variants that imputation expects of itself.", "min",
                "low_confidence", "Too few genotypes could be determined with confidence."),
    ControlType("heterozygosity_sd_max", "Heterozygosity for the ancestry", "float", "number",
                "How far heterozygosity at common variants is from what the ancestry expects, in standard deviations.", "max",
                "unusual_heterozygosity", "Heterozygosity is far from what the person's ancestry expects."),
    ControlType("unexplained_max", "Not explained by the panel", "float", "percentage",
                "Share of the genome that is no copy of the panel's people, at least.", "max",
                "outside_panel", "Part of the ancestry is of a population that the reference panel lacks."),
    ControlType("insert_size_min", "Fragment length", "float", "number",
                "Mean length of the sequenced fragments in base pairs.", "min",
                "short_fragments", "The library's fragments are short."),
    ControlType("error_rate_max", "Differences from the reference", "float", "percentage",
                "Mapped bases that differ from the reference genome; the person's own variants are among them.", "max",
                "many_errors", "Many bases differ from the reference genome."),
    ControlType("gc_slope_max", "Pull of GC", "float", "number",
                "How far depth rises or falls with ten points more of GC, as a share of the mean depth.", "max",
                "uneven_gc", "Depth depends on the share of G and C."),
    ControlType("sex_string", "Sex chromosomes", "string", "text",
                "Sex chromosomes that the data speak for; beside the declared sex, if one was declared.", None,
                "sex_discordant", "The sex chromosomes are not those of the declared sex.", holds=True),
)  # fmt: skip

_OF_GENOTYPES = (
    "call_rate_min",
    "cc_min",
    "hzy_max",
    "fraction_contamination_max",
    "expected_r2_min",
    "heterozygosity_sd_max",
    "unexplained_max",
)

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
    *(kind for kind in CONTROL_TYPES if kind.key in (*_OF_GENOTYPES, "sex_string")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Control:
    """One control of one sample. Values are None for yes-or-no controls and for what wasn't measured.

    value_warn: the limit beyond which it warns.  reason: why it isn't a `pass`, empty if it is.
    """

    type: ControlType
    value_expected: float | None
    value_measured: float | None
    value_string: str
    status: Status
    verdict: Verdict
    value_warn: float | None = None
    reason: str = ""

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
            "verdict": self.verdict,
            "value_warn": self.value_warn,
            "reason": self.reason,
        }


def judge(
    measured: dict[str, float | bool | None],
    limits: Limits,
    said: dict[str, str],
    kinds: tuple[ControlType, ...] = CONTROL_TYPES,
) -> list[Control]:
    """Every control of `kinds` in order, with its verdict.

    A control that wasn't measured (absent or None), or that has no limit, is `skipped`. `said` gives the short text of
    yes-or-no controls and of what doesn't apply, at most 128 characters.
    """
    return [
        _yes_or_no(kind, measured.get(kind.key), said.get(kind.key, "")[:128])
        if kind.limit is None
        else _number(kind, measured.get(kind.key), limits, said.get(kind.key, "")[:128])
        for kind in kinds
    ]


def _yes_or_no(kind: ControlType, value: float | bool | None, text: str) -> Control:
    if value is None:
        return Control(kind, None, None, text, "skipped", "skipped", reason="not measured")
    if value:
        return Control(kind, None, None, text, "succeeded", "pass")
    if kind.holds:
        return Control(kind, None, None, text, "succeeded", "hold", reason=kind.message)
    return Control(kind, None, None, text, "failed", "fail", reason=kind.message or text)


def _number(kind: ControlType, value: float | bool | None, limits: Limits, text: str) -> Control:
    fails, warns = limits.fail.get(kind.key), limits.warn.get(kind.key)
    number = None if value is None else float(f"{float(value):.6g}") if kind.type == "float" else int(value)
    if value is None or (fails is None and warns is None):
        why = "not measured" if value is None else "the bundle sets no limit"
        return Control(kind, fails, number, text, "skipped", "skipped", warns, text or why)
    for limit, status, verdict, said in (
        (fails, "failed", "fail", "allowed"),
        (warns, "succeeded", "warn", "without a warning"),
    ):
        if limit is not None and _beyond(kind, value, limit):
            side, most = ("below", "least") if kind.limit == "min" else ("above", "most")
            why = f"{number:g} is {side} {limit:g}, the {most} {said}"
            return Control(kind, fails, number, text, cast(Status, status), cast(Verdict, verdict), warns, why)
    return Control(kind, fails, number, text, "succeeded", "pass", warns)


def _beyond(kind: ControlType, value: float, limit: float) -> bool:
    """NaN is beyond every limit."""
    return not (value >= limit if kind.limit == "min" else value <= limit)


def reasons(controls: list[Control]) -> list[Reason]:
    """One reason per code for the numeric controls that failed, in their order."""
    return _by_code([row for row in controls if row.verdict == "fail" and row.type.limit is not None])


def warnings(controls: list[Control]) -> list[Reason]:
    """One reason per code for the controls that warn, in their order."""
    return _by_code([row for row in controls if row.verdict == "warn"])


def holds(controls: list[Control]) -> list[Reason]:
    """What somebody has to look at before the result is released."""
    return _by_code([row for row in controls if row.verdict == "hold"])


def _by_code(controls: list[Control]) -> list[Reason]:
    found: dict[str, Reason] = {}
    for control in controls:
        found.setdefault(control.type.code, Reason(control.type.code, control.type.message))
    return list(found.values())

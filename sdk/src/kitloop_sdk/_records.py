"""The wire's objects as frozen values. Unknown keys are ignored, so a newer host does not break an older client.

Source: contract §5.4, §5.5, §5.7, §7.1, §7.5. Times are aware; a missing or empty one is None. Genetic and personal
values are kept out of `repr`, so that a careless log line shows ids.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from kitloop_sdk._errors import UnexpectedAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Status:
    """`status` as the host spells it; `key` always with underscores (`failed qc` and `failed_qc` both exist)."""

    status: str
    note: str = field(default="", repr=False)
    created: datetime | None = None

    @property
    def key(self) -> str:
        return self.status.strip().lower().replace(" ", "_")


@dataclass(frozen=True, slots=True)
class File:
    """A deliverable. `download_url` is signed and short-lived, None when archived; `size` in bytes or None."""

    id: str
    file_type: str
    size: int | None = None
    download_url: str | None = field(default=None, repr=False)
    checksum_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample. `files` and `project` are there when read by id, `failed_qc` (keys of failed checks) in listings."""

    id: str
    last_status: Status
    project: str | None = None
    run: str | None = None
    created: datetime | None = None
    modified: datetime | None = None
    hidden: bool = False
    client_id: str = ""
    physical_id: str = ""
    archive_status: str | None = None
    files: tuple[File, ...] = ()
    failed_qc: tuple[str, ...] | None = None
    metadata: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class QualityControl:
    """One check. `status` is succeeded, failed or skipped; numbers are None where there is nothing to measure."""

    key: str
    name: str
    status: str
    display_type: str = ""
    display_only_if_failed: bool = False
    description_markdown: str = field(default="", repr=False)
    value_expected: float | None = None
    value_measured: float | None = field(default=None, repr=False)
    value_string: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Population:
    """One part of an ancestry, proportions from 0 to 1; `low` and `high` bound the interval, None if not estimated."""

    key: str
    name: str
    proportion: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Ancestry:
    """`populations` is empty where the host uses another shape; `value` and `metadata` are the host's JSON as it is."""

    populations: tuple[Population, ...] = field(repr=False)
    value: Any = field(default=None, repr=False)
    metadata: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a score falls in the comparison group: `counts[i]` people between `bin_edges[i]` and `bin_edges[i + 1]`."""

    bin_edges: tuple[float, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TraitScore:
    """A polygenic score. `value` None: not reported. `percentile` 0-100. `risk`: high_risk, not_high_risk or None.

    The last five are Kitloop's own, "" and None elsewhere: what the score is called, what the data leave open of the percentile,
    from which one on the risk is high, and the code of why the score isn't reported.
    """

    trait: str
    unit: str = ""
    value: float | None = field(default=None, repr=False)
    percentile: float | None = field(default=None, repr=False)
    risk: str | None = field(default=None, repr=False)
    distribution: Distribution | None = field(default=None, repr=False)
    name: str = ""
    percentile_low: float | None = field(default=None, repr=False)
    percentile_high: float | None = field(default=None, repr=False)
    risk_percentile_threshold: float | None = None
    not_reported_because: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Move:
    """A kit came to a stage, at the journey's time."""

    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class JourneyKit:
    """One physical kit of a sample; a replaced kit stays in the list. `moves` in the order they happened."""

    id: str
    state: str
    test_mode: bool = False
    carrier: str = ""
    outbound_tracking: str = ""
    return_tracking: str = ""
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """An open problem: `owner` is who has to act (customer, recipient, operator, lab, carrier)."""

    reason_code: str
    owner: str = ""
    deadline: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """Kitloop's own account of a sample: its kits with stages and tracking numbers, and what holds it up."""

    sample_id: str
    status: str
    note: str = ""
    kits: tuple[JourneyKit, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of a project's events. `protocol` follows from `target`: an address (webhook) or an e-mail."""

    id: str
    target: str = field(repr=False)
    event_types: tuple[str, ...] = ()
    name: str = ""
    project: str | None = None
    protocol: str = ""
    has_secret: bool = False


def read(reader: Callable[[Any], T], value: Any) -> T:
    """`reader(value)`; a value of another shape is UnexpectedAnswer and not a KeyError from inside."""
    try:
        return reader(value)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        name = reader.__name__.removesuffix("_of")
        raise UnexpectedAnswer(f"The answer is not a {name} as in the contract ({type(error).__name__}).") from error


def time_of(value: Any) -> datetime | None:
    """The wire has `2025-10-12T19:47:15Z`, `2025-10-12 19:47:15+00:00` and naive times, which are UTC."""
    if not value:
        return None
    when = datetime.fromisoformat(str(value))
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def number_of(value: Any) -> float | None:
    return None if value is None else float(value)


def status_of(value: Any) -> Status:
    return Status(str(value["status"]), str(value.get("note") or ""), time_of(value.get("created")))


def file_of(value: Any) -> File:
    size = value.get("size")
    return File(
        id=str(value["id"]),
        file_type=str(value["file_type"]),
        size=None if size is None else int(size),
        download_url=value.get("download_url") or None,
        checksum_sha256=str(value.get("checksum_sha256") or ""),
    )


def sample_of(value: Any) -> Sample:
    archive, failed_qc = value.get("archive_last_status"), value.get("failed_qc")
    return Sample(
        id=str(value["id"]),
        last_status=status_of(value["last_status"]),
        project=value.get("project"),
        run=value.get("run"),
        created=time_of(value.get("created")),
        modified=time_of(value.get("modified")),
        hidden=bool(value.get("hidden")),
        client_id=str(value.get("client_id") or ""),
        physical_id=str(value.get("physical_id") or ""),
        archive_status=str(archive["status"]) if archive else None,
        files=tuple(file_of(one) for one in value.get("files") or ()),
        failed_qc=None if failed_qc is None else tuple(str(key) for key in failed_qc),
        metadata=value.get("metadata"),
    )


def quality_control_of(value: Any) -> QualityControl:
    kind, result = value["quality_control_type"], value["quality_control"]
    return QualityControl(
        key=str(kind["key"]),
        name=str(kind.get("name") or kind["key"]),
        status=str(result["status"]),
        display_type=str(kind.get("display_type") or ""),
        display_only_if_failed=bool(kind.get("display_only_if_failed")),
        description_markdown=str(kind.get("description_markdown") or ""),
        value_expected=number_of(result.get("value_expected")),
        value_measured=number_of(result.get("value_measured")),
        value_string=str(result.get("value_string") or ""),
    )


def ancestry_of(value: Any) -> Ancestry:
    inner = (value.get("ancestry") or {}).get("value")
    rows = inner.get("populations") if isinstance(inner, dict) else None
    return Ancestry(
        populations=tuple(
            Population(
                key=str(row["key"]),
                name=str(row.get("name") or row["key"]),
                proportion=float(row["proportion"]),
                low=number_of(row.get("low")),
                high=number_of(row.get("high")),
            )
            for row in rows or ()
        ),
        value=inner,
        metadata=(value.get("metadata") or {}).get("value"),
    )


def trait_score_of(value: Any) -> TraitScore:
    score, spread = value.get("trait_score") or {}, (value.get("trait_distribution") or {}).get("value")
    distribution = None
    if isinstance(spread, dict) and spread.get("bin_edges") and spread.get("counts"):
        distribution = Distribution(
            tuple(float(edge) for edge in spread["bin_edges"]), tuple(float(count) for count in spread["counts"])
        )
    details = value.get("details")
    details = details if isinstance(details, dict) else {}
    return TraitScore(
        trait=str(value["trait"]["key"]),
        unit=str((value.get("trait_unit") or {}).get("key") or ""),
        value=number_of(score.get("value")),
        percentile=number_of(score.get("percentile")),
        risk=value.get("risk"),
        distribution=distribution,
        name=str(details.get("name") or ""),
        percentile_low=number_of(details.get("percentile_low")),
        percentile_high=number_of(details.get("percentile_high")),
        risk_percentile_threshold=number_of(details.get("risk_percentile_threshold")),
        not_reported_because=str(details.get("not_reported_because") or ""),
    )


def journey_of(value: Any) -> Journey:
    return Journey(
        sample_id=str(value["sample_id"]),
        status=str(value["status"]),
        note=str(value.get("note") or ""),
        kits=tuple(
            JourneyKit(
                id=str(kit["id"]),
                state=str(kit["state"]),
                test_mode=bool(kit.get("test_mode")),
                carrier=str(kit.get("carrier") or ""),
                outbound_tracking=str(kit.get("outbound_tracking") or ""),
                return_tracking=str(kit.get("return_tracking") or ""),
                moves=tuple(
                    Move(str(move["state"]), time_of(move.get("at")), str(move.get("note") or ""))
                    for move in kit.get("moves") or ()
                ),
            )
            for kit in value.get("kits") or ()
        ),
        holds=tuple(
            Hold(
                reason_code=str(hold.get("reason_code") or hold.get("reason") or hold.get("code") or ""),
                owner=str(hold.get("owner") or ""),
                deadline=time_of(hold.get("deadline")),
                note=str(hold.get("note") or ""),
            )
            for hold in value.get("holds") or ()
        ),
    )


def subscription_of(value: Any) -> Subscription:
    return Subscription(
        id=str(value["id"]),
        target=str(value["target"]),
        event_types=tuple(str(one["key"] if isinstance(one, dict) else one) for one in value.get("event_types") or ()),
        name=str(value.get("name") or ""),
        project=value.get("project"),
        protocol=str(value.get("protocol") or ""),
        has_secret=bool(value.get("has_secret")),
    )

"""What the analyses of a project's samples found, taken together: counts, sizes, distributions (contract §5.7, §7.4).

Everywhere, of a sample only the run that it shows. `samples` are those asked for, already behind the gate.
"""

from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum

from kitloop.kits.models import Sample
from kitloop.projects.models import Project
from kitloop.runs.models import File, QualityControl

BINS = 10


@dataclass(frozen=True, slots=True)
class Histogram:
    """`edges` has one more entry than `counts`, or both are empty. A bin takes its lower edge; the last one its upper too."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def total_size_bytes(samples: QuerySet[Sample]) -> int:
    """Bytes of all files that these samples show."""
    shown = File.objects.filter(sample__in=samples, run_id=F("sample__run_id"))
    return int(shown.aggregate(total=Sum("size"))["total"] or 0)


def status_counts(samples: QuerySet[Sample]) -> dict[str, int]:
    return dict(samples.order_by().values_list("status").annotate(number=Count("pk")))


def failed_check_counts(samples: QuerySet[Sample]) -> dict[str, int]:
    """Of the samples that failed quality control: how many failed each check, by its key."""
    failed = QualityControl.objects.filter(
        status="failed", run__sample__in=samples.filter(status="failed_qc"), run_id=F("run__sample__run_id")
    )
    return dict(failed.order_by("key").values_list("key").annotate(number=Count("pk")))


def checks_of(project: Project) -> QuerySet[QualityControl]:
    """The checks that the project's samples are judged by: those of its latest result, in their order."""
    latest = Sample.objects.filter(project=project, deleted=None, run_id__isnull=False).order_by("-modified", "id")
    return QualityControl.objects.filter(run_id__in=latest.values("run_id")[:1]).order_by("position")


def measured_values(samples: QuerySet[Sample], key: str, *, limit: int) -> list[float]:
    """What one check measured in the latest of these samples, at most `limit` of them; those it did not measure are left out."""
    chosen = samples.filter(run_id__isnull=False).order_by("-modified", "id").values("run_id")[:limit]
    measured = QualityControl.objects.filter(run_id__in=chosen, key=key, value_measured__isnull=False)
    return list(measured.values_list("value_measured", flat=True))


def histogram(values: list[float]) -> Histogram:
    """Ten bins of equal width from the least value to the greatest, as `numpy.histogram` makes them; none of no values."""
    if not values:
        return Histogram((), ())
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / BINS
    edges = (*(low + at * width for at in range(BINS)), high)
    counts = [0] * BINS
    for value in values:
        at = min(int((value - low) / width), BINS - 1)
        if value < edges[at]:  # rounding has carried it over an edge
            at -= 1
        elif at < BINS - 1 and value >= edges[at + 1]:
            at += 1
        counts[at] += 1
    return Histogram(edges, tuple(counts))

"""Opening a run: the data of a kit or of an array is here, an analysis is owed."""

from uuid import UUID

from django.db import transaction

from kitloop.base import clock
from kitloop.base.jobs import defer
from kitloop.base.objects import Stored
from kitloop.kits.models import Kit, Sample
from kitloop.kits.moves import CannotMove, move_sample
from kitloop.labs.models import Upload
from kitloop.runs.models import Run


def open_run(kit_id: UUID, uploads: dict[str, UUID]) -> Run | None:
    """The run of a kit, `uploads` by role; asked twice, there is one. The sample is `running` from here on.

    None where the sample ended otherwise meanwhile (cancelled, closed): its data is kept and not analyzed.
    """
    with transaction.atomic():
        kit = Kit.objects.select_for_update().select_related("sample").get(pk=kit_id)
        run = Run.objects.filter(kit=kit).first()
        if run is not None:
            return run
        rows = {role: Upload.objects.get(pk=upload_id, kit=kit) for role, upload_id in uploads.items()}
        inputs = {role: {"key": row.object_key, "size": row.size, "sha256": row.sha256} for role, row in rows.items()}
        try:
            move_sample(kit.sample, "running", note="The sequencing data is being analyzed.")
        except CannotMove:
            return None
        run = Run.objects.create(sample=kit.sample, kit=kit, inputs=inputs, created=clock.now())
        defer("runs.execute", run_id=str(run.id))
        return run


def open_array_run(sample: Sample, export: Stored) -> tuple[Run, bool]:
    """The run of a sample that was waiting for its array export, and whether this export is the one; the first one stands.

    The sample is `scheduled` from here on, until a worker begins. Locks it. Raises CannotMove where it ended meanwhile.
    """
    with transaction.atomic():
        locked = Sample.objects.select_for_update(of=("self",)).get(pk=sample.pk)
        before = Run.objects.filter(sample=locked, kit=None).first()
        if before is not None:
            return before, False
        move_sample(locked, "scheduled", note="The array data is here and waits for its analysis.")
        inputs = {"array-export": {"key": export.key, "size": export.size, "sha256": export.sha256}}
        run = Run.objects.create(sample=locked, kit=None, inputs=inputs, created=clock.now())
        defer("runs.execute", run_id=str(run.id))
        return run, True

"""Opening a run: the data of a kit is here, an analysis is owed."""

from uuid import UUID

from django.db import transaction

from kitloop.base import clock
from kitloop.base.jobs import defer
from kitloop.kits.models import Kit
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

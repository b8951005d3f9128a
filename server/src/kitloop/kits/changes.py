"""Changing samples: which are listed, and what their customer's app keeps with them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction

from kitloop.base.errors import FieldErrors
from kitloop.kits.models import Sample
from kitloop.kits.search import search_text
from kitloop.projects.models import Project


def hide_samples(project: Project, sample_ids: Collection[UUID], *, hidden: bool) -> None:
    """Hides samples from listings, or shows them again; their kits and analyses go on. All or none. Raises as `locked_samples`."""
    with transaction.atomic():
        samples = locked_samples(project, sample_ids)
        Sample.objects.filter(pk__in=[each.pk for each in samples if each.hidden != hidden]).update(hidden=hidden)


def replace_metadata(sample: Sample, metadata: Any) -> None:
    """Puts `metadata` in place of what was there, for search too. `modified` stays: it dates the latest status."""
    text = search_text(sample.project_id, sample.client_id, metadata)
    Sample.objects.filter(pk=sample.pk).update(metadata=metadata, search_text=text)
    sample.metadata = metadata


def locked_samples(project: Project, sample_ids: Collection[UUID]) -> list[Sample]:
    """These samples, locked until the transaction ends. Raises FieldErrors where one is not the project's, or deleted."""
    found = lock_samples(project, sample_ids)
    if len(found) != len(set(sample_ids)):
        raise FieldErrors({"sample_ids": ["All sample ids must be part of the current project."]})
    return found


def lock_samples(project: Project, sample_ids: Collection[UUID]) -> list[Sample]:
    """Those of these samples that are the project's and not deleted, locked until the transaction ends."""
    # Always in one order: two requests about the same samples wait for each other and never deadlock.
    rows = Sample.objects.filter(project=project, deleted=None, pk__in=set(sample_ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True).only("id", "status", "hidden", "test_mode"))

"""Reading results: quality, ancestry, scores, checksums."""

import re

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, audited, caller_of, require_in, sample_of
from kitloop.api.pagination import page
from kitloop.api.parsing import path_uuid
from kitloop.api.routing import at
from kitloop.runs.models import File, QualityControl, Run, TraitScore
from kitloop.wire.results import ancestry, quality_control, trait_score
from kitloop.wire.samples import file_name

_UNSAFE = re.compile(r"[^\w.\- ()+@]")


class SampleQualityControlsView(Operation):
    def get(self, request: Request, sample_id: str) -> Response:
        """List a sample's quality controls: what each measured, what was expected, and whether it passed."""
        sample = sample_of(request, sample_id)
        checks = QualityControl.objects.shown_by(sample).order_by("position")
        return page(request, checks, lambda found: [quality_control(check) for check in found])


class SampleAncestryView(Operation):
    def get(self, request: Request, sample_id: str) -> Response:
        """Read a sample's ancestry proportions. Both values are null while there is no result."""
        sample = sample_of(request, sample_id)
        return Response(ancestry(Run.objects.filter(pk=sample.run_id).first() if sample.run_id else None))


class SampleTraitScoresView(Operation):
    def get(self, request: Request, sample_id: str) -> Response:
        """List a sample's trait scores, with their place among the reference panel's."""
        sample = sample_of(request, sample_id)
        scores = TraitScore.objects.shown_by(sample).order_by("key")
        return page(request, scores, lambda found: [trait_score(score) for score in found])


class ChecksumView(Operation):
    """One line as `sha256sum` reads it, typed as recorded (contract §5.8)."""

    def get(self, request: Request, file_id: str) -> HttpResponse:
        """Read a file's checksum, as `sha256sum` reads it: the sum, a star and the name, which `filename` may choose."""
        files = File.objects.of(caller_of(request)).select_related("sample")
        file = get_object_or_404(files, pk=path_uuid(file_id))
        require_in(request, file.sample.project_id, Permission.PROJECT_VIEW)
        audited(request, file.sample_id, file.id)
        if not file.sha256:
            raise ValidationError({"detail": "File does not have checksum."})
        name = _UNSAFE.sub("_", request.query_params.get("filename") or file_name(file))
        answer = HttpResponse(f"{file.sha256} *{name}\n", content_type="text/html; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.sha256"'
        return answer


routes = [
    at("sample-quality-controls/{sample_id}", SampleQualityControlsView, "sample-quality-controls"),
    at("sample-ancestry/{sample_id}", SampleAncestryView, "sample-ancestry"),
    at("sample-trait-scores/{sample_id}", SampleTraitScoresView, "sample-trait-scores"),
    at("files/{file_id}.sha256", ChecksumView, "files-sha256"),
]

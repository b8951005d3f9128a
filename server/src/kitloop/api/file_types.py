"""GET file-types/: what kinds of files there are (contract §5.8, §7.3)."""

from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import Operation, project_of
from kitloop.api.pagination import page_of_few
from kitloop.api.parsing import one_of
from kitloop.api.routing import at
from kitloop.wire.file_types import sample_file_types


class FileTypesView(Operation):
    """List the kinds of files that a sample can have: all on one page, unless a limit is asked for. Each project has the same."""

    def get(self, request: Request) -> Response:
        kind = one_of(request, "object", ("sample", "reference_genome"), "sample")
        if project_id := request.query_params.get("project_id", "").strip():
            project_of(request, project_id)
        # A project's reference genome is part of its bundle and is not handed out.
        return page_of_few(request, sample_file_types() if kind == "sample" else [])


routes = [at("file-types", FileTypesView, "file-types")]

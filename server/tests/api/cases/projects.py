"""Projects, what is told of them as a whole, and the pipelines that they choose from."""

from cast import Cast
from kitloop.projects.models import Project

from cases import READERS, SIGNED_IN, Case, by_role, managers

THESE = by_role(204, 403, 403, 403, 400)  # named in the body: a stranger's are unknown rather than not found

CASES = [
    Case("projects", "get", "projects/", SIGNED_IN),
    Case(
        "projects", "post", "projects/", by_role(201, 403, 403, 403, 201),
        lambda cast, ids: {"name": "New", "pipeline_capabilities": ids["capability"]},
    ),
    Case("project-details", "get", "projects/{project}", READERS),
    Case("project-details", "patch", "projects/{project}", managers(200), {"name": "Renamed"}),
    Case("projects-hide", "post", "projects-hide/", THESE, lambda cast, ids: {"project_ids": [ids["empty_project"]]}),
    Case("projects-unhide", "post", "projects-unhide/", THESE, lambda cast, ids: {"project_ids": [ids["empty_project"]]}),
    Case("projects-delete", "delete", "projects-delete/", THESE, lambda cast, ids: {"project_ids": [ids["empty_project"]]}),
    Case("project-stats", "get", "project-stats/{project}", READERS),
    Case("project-qc-types", "get", "project-qc-types/{project}", READERS),
    Case("project-qc-report", "get", "project-qc-report/{project}", READERS),
    Case(
        "project-quality-control-histogram", "get", "project-quality-control-histogram/{project}?qc_type=bases_min",
        READERS,
    ),
    Case("file-types", "get", "file-types/", SIGNED_IN),
    Case("file-types", "get", "file-types/?project_id={project}", READERS),
    Case("pipeline", "get", "pipeline/", SIGNED_IN),
    Case("pipeline-details", "get", "pipeline/{pipeline}", SIGNED_IN),
    Case("pipeline-latest", "get", "pipeline-latest/", SIGNED_IN),
    Case("pipeline-capabilities", "get", "pipeline-capabilities/", SIGNED_IN),
    Case("pipeline-capabilities-details", "get", "pipeline-capabilities/{capability}", SIGNED_IN),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    empty = Project.objects.create(organization=cast.organization, name="Empty", capability=cast.capability)
    return {
        "empty_project": str(empty.id),
        "capability": str(cast.capability.id),
        "pipeline": str(cast.capability.pipeline_id),
    }

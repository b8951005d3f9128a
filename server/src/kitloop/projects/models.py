"""Projects: containers of samples, and who has a role in one of them."""

from uuid import UUID, uuid4

from django.db import models
from django.db.models import Exists, OuterRef, Q

from kitloop.accounts.models import Caller, Organization, User
from kitloop.accounts.roles import PROJECT_ROLES, Permission, roles_that
from kitloop.pipelines.models import Capability


class Projects(models.QuerySet["Project"]):
    def of(self, caller: Caller) -> "Projects":
        """Projects of the caller's own organization that are not deleted. What it may do there is `allowing`'s to say."""
        return self.filter(organization_id=caller.organization_id, deleted=None)

    def allowing(self, caller: Caller, permission: Permission) -> "Projects":
        """Projects in which the caller may do this: all of its organization's by its role there, or by a role in the project.

        Effective rights are the union of both (contract §7.2).
        """
        own = self.of(caller)
        if caller.may(permission):
            return own
        granted = ProjectRole.objects.filter(
            project=OuterRef("pk"), user_id=caller.user_id, role__in=roles_that(permission)
        )
        return own.filter(Exists(granted))

    def visible_to(self, caller: Caller) -> "Projects":
        """The gate: projects that the caller may see."""
        return self.allowing(caller, Permission.PROJECT_VIEW)


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    capability = models.ForeignKey(Capability, on_delete=models.PROTECT, null=True, blank=True, related_name="projects")
    modifications = models.JSONField(default=list, blank=True)  # [{"key", "value"}], as the wire has them
    hidden = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    deleted = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = Projects.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created", "id"], name="project_listing")]

    def __str__(self) -> str:
        return self.name


class ProjectRole(models.Model):
    """A role of one user in one project, beside the one that everybody has in the organization. It can only add."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="explicit_roles")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="project_roles")
    role = models.CharField(max_length=16)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="project_role_once"),
            models.CheckConstraint(condition=Q(role__in=PROJECT_ROLES), name="project_role_known"),
        ]


def may_in(caller: Caller, project_id: UUID, permission: Permission) -> bool:
    """Whether the caller may do this in this project, by either of its roles."""
    return Project.objects.allowing(caller, permission).filter(pk=project_id).exists()

"""Projects: containers of samples."""

from uuid import uuid4

from django.db import models

from kitloop.accounts.models import Caller, Organization
from kitloop.accounts.roles import Permission


class Projects(models.QuerySet["Project"]):
    def visible_to(self, caller: Caller) -> "Projects":
        """The gate: projects of the caller's own organization, where its role may see projects at all."""
        if not caller.may(Permission.PROJECT_VIEW):
            return self.none()
        return self.filter(organization_id=caller.organization_id)


class Project(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    hidden = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    objects = Projects.as_manager()

    def __str__(self) -> str:
        return self.name

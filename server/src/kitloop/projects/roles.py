"""Who has a role in one project, beside the one in the organization (contract §7.2). It can only add."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from kitloop.accounts.models import Caller, User
from kitloop.accounts.roles import Permission, roles_that
from kitloop.projects.models import Project, ProjectRole


def give_project_role(project: Project, user: User, *, role: str) -> ProjectRole:
    """The user's role in this project from the next request on, in place of the one that it may have had. Keeps its id."""
    found, _ = ProjectRole.objects.update_or_create(project=project, user=user, defaults={"role": role})
    return found


def project_roles_of(caller: Caller) -> QuerySet[ProjectRole]:
    """Roles in projects of the caller's organization."""
    return ProjectRole.objects.filter(project__in=Project.objects.of(caller))


def take_project_role(role: ProjectRole) -> None:
    """What the user may do in the project is again what its role in the organization allows."""
    role.delete()


def users_of(project: Project, *, only_explicit: bool) -> QuerySet[User]:
    """Who may see the project, by either of their roles; `only_explicit`: who has a role in this very project."""
    explicit = Exists(ProjectRole.objects.filter(project=project, user=OuterRef("pk")))
    by_organization = Q(role__in=[] if only_explicit else roles_that(Permission.PROJECT_VIEW))
    return User.objects.filter(by_organization | Q(explicit), organization_id=project.organization_id)

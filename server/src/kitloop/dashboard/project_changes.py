"""Making a project, renaming and describing it, hiding it and showing it again. For managers and owners."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.base.errors import KitloopError
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.project_form import NewProjectForm, ProjectForm
from kitloop.dashboard.shell import show
from kitloop.pipelines.models import Capability
from kitloop.projects.changes import change_project, create_project, hide_projects
from kitloop.projects.models import Project

SECTION = "projects"


@dataclass(frozen=True, slots=True)
class NewProject:
    has_analyses: bool  # without one there is nothing to choose


@dataclass(frozen=True, slots=True)
class EditedProject:
    id: UUID
    name: str


@page("GET", "POST", may=Permission.PROJECT_EDIT)
def new_project(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = create_project(caller, **form.cleaned_data)
        except KitloopError as error:
            form.add_error(None, str(error))
        else:
            enter(request, "projects.post", caller, made.id)
            messages.success(request, f"The project “{made.name}” is there. Orders name it by its id.")
            return redirect("dashboard:project", project_id=made.id)
    return show(request, "project_new.html", NewProject(Capability.objects.exists()), section=SECTION, form=form)


@page("GET", "POST", may=Permission.PROJECT_EDIT)
def edit_project(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    project = _visible(caller, project_id)
    shown = EditedProject(project.id, project.name)
    form = ProjectForm(request.POST or None, initial={"name": project.name, "description": project.description})
    if request.method == "POST" and form.is_valid():
        change_project(project, is_empty=False, **form.cleaned_data)
        enter(request, "project-details.patch", caller, project.id)
        messages.success(request, "The project is changed.")
        return redirect("dashboard:project", project_id=project.id)
    return show(request, "project_edit.html", shown, section=SECTION, form=form)


@page("POST", may=Permission.PROJECT_EDIT)
def hide_project(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    return _turn(request, caller, project_id, hidden=True)


@page("POST", may=Permission.PROJECT_EDIT)
def unhide_project(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    return _turn(request, caller, project_id, hidden=False)


def _turn(request: HttpRequest, caller: Caller, project_id: UUID, *, hidden: bool) -> HttpResponse:
    project = _visible(caller, project_id)
    hide_projects(caller, [project.id], hidden=hidden)
    enter(request, f"projects-{'hide' if hidden else 'unhide'}.post", caller, project.id)
    if hidden:
        messages.success(request, "The project is hidden from lists. Its kits and samples go on as before.")
    else:
        messages.success(request, "The project is shown again.")
    return redirect("dashboard:project", project_id=project.id)


def _visible(caller: Caller, project_id: UUID) -> Project:
    return get_object_or_404(Project.objects.visible_to(caller), pk=project_id)

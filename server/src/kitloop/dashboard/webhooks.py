"""Webhooks: subscriptions of each project, their secrets, and their deliveries. Changing needs project_edit."""

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.dashboard.access import page
from kitloop.dashboard.account import NewSecret
from kitloop.dashboard.entry import enter
from kitloop.dashboard.once import keep_once, take_once
from kitloop.dashboard.shell import show
from kitloop.dashboard.subscription_form import NewSubscriptionForm
from kitloop.dashboard.webhook_page import (
    AllHooks,
    ProjectHooks,
    SubscriptionPage,
    delivery_page,
    delivery_row,
    subscription_row,
    trouble,
)
from kitloop.projects.models import Project
from kitloop.webhooks.models import Delivery, Subscription
from kitloop.webhooks.owing import send_test
from kitloop.webhooks.subscriptions import create_subscription, delete_subscription, enable_subscription, rotate_secret

SECTION = "webhooks"
ROWS = 25


@page("GET", may=Permission.PROJECT_VIEW)
def webhooks(request: HttpRequest, caller: Caller) -> HttpResponse:
    projects = Project.objects.visible_to(caller).filter(hidden=False).order_by("-created", "id")
    rows: dict[UUID, list[Subscription]] = defaultdict(list)
    for row in Subscription.objects.visible_to(caller):
        rows[row.project_id].append(row)
    may_change = caller.may(Permission.PROJECT_EDIT)
    shown = AllHooks(tuple(_project(each, rows[each.id], caller) for each in projects), may_change)
    return show(request, "webhooks.html", shown, section=SECTION)


@page("GET", may=Permission.PROJECT_VIEW)
def project_webhooks(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    project = get_object_or_404(Project.objects.visible_to(caller), pk=project_id)
    rows = Subscription.objects.visible_to(caller).filter(project=project)
    return show(request, "project_webhooks.html", _project(project, list(rows), caller), section=SECTION)


@page("GET", "POST", may=Permission.PROJECT_EDIT)
def new_subscription(request: HttpRequest, caller: Caller, project_id: UUID) -> HttpResponse:
    """Makes a subscription with a secret, and goes on to the page that shows that once."""
    project = get_object_or_404(Project.objects.visible_to(caller), pk=project_id)
    form = NewSubscriptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = create_subscription(project, created_by=caller, **form.cleaned_data)
        enter(request, "project-subscriptions.post", caller, project.id, made.id)
        return _on_to_the_secret(request, made)
    return show(request, "subscription_new.html", _project(project, [], caller), section=SECTION, form=form)


@page("GET", may=Permission.PROJECT_VIEW)
def subscription(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    row = _visible(caller, subscription_id)
    deliveries = Delivery.objects.visible_to(caller).filter(subscription=row).order_by("-created", "id").defer("body")
    found = Paginator(deliveries, ROWS).get_page(request.GET.get("page"))
    shown = SubscriptionPage(
        subscription=subscription_row(row),
        project_id=row.project_id,
        project=row.project.name,
        trouble=trouble(row),
        is_disabled=row.disabled_at is not None,
        next_probe=row.probe_at,
        deliveries=tuple(delivery_row(each) for each in found.object_list),
        page=found.number,
        pages=found.paginator.num_pages,
        previous=f"?page={found.number - 1}" if found.has_previous() else "",
        following=f"?page={found.number + 1}" if found.has_next() else "",
        may_change=caller.may(Permission.PROJECT_EDIT),
    )
    return show(request, "subscription.html", shown, section=SECTION)


@page("GET", "POST", may=Permission.PROJECT_EDIT)
def new_secret(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    """Asks first where there is a secret already: the old one stops at that moment."""
    row = _visible(caller, subscription_id)
    if request.method == "POST":
        enter(request, "project-subscription-secret.post", caller, row.id)
        return _on_to_the_secret(request, row)
    return show(request, "secret_new.html", subscription_row(row), section=SECTION)


@page("GET", may=Permission.PROJECT_EDIT)
def secret_created(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    row = _visible(caller, subscription_id)
    shown = NewSecret("", row.name, take_once(request, row.id))
    return show(request, "secret_created.html", shown, section=SECTION, subscription_id=row.id)


@page("POST", may=Permission.PROJECT_EDIT)
def test(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    row = _visible(caller, subscription_id)
    enter(request, "project-subscription-test.post", caller, row.id)
    delivery = send_test(row.id)
    messages.success(request, "A test event is on its way. Reload this page to see the answer.")
    return redirect("dashboard:delivery", delivery_id=delivery.id)


@page("POST", may=Permission.PROJECT_EDIT)
def enable(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    row = _visible(caller, subscription_id)
    enter(request, "subscription-enable.post", caller, row.id)
    enable_subscription(row.id)
    messages.success(request, "The subscription is enabled, and everything that was kept is being sent.")
    return redirect("dashboard:subscription", subscription_id=row.id)


@page("GET", "POST", may=Permission.PROJECT_EDIT)
def delete(request: HttpRequest, caller: Caller, subscription_id: UUID) -> HttpResponse:
    row = _visible(caller, subscription_id)
    if request.method == "POST":
        enter(request, "project-subscription-details.delete", caller, row.id)
        delete_subscription(row.id)
        messages.success(request, f"The subscription “{row.name}” is deleted, with its deliveries.")
        return redirect("dashboard:project-webhooks", project_id=row.project_id)
    return show(request, "subscription_delete.html", subscription_row(row), section=SECTION)


@page("GET", may=Permission.PROJECT_VIEW)
def delivery(request: HttpRequest, caller: Caller, delivery_id: UUID) -> HttpResponse:
    rows = Delivery.objects.visible_to(caller).select_related("subscription__project")
    row = get_object_or_404(rows, pk=delivery_id)
    shown = delivery_page(row, row.tries.order_by("-number"))
    return show(request, "delivery.html", shown, section=SECTION)


def _visible(caller: Caller, subscription_id: UUID) -> Subscription:
    rows = Subscription.objects.visible_to(caller).select_related("project")
    return get_object_or_404(rows, pk=subscription_id)


def _on_to_the_secret(request: HttpRequest, row: Subscription) -> HttpResponse:
    keep_once(request, row.id, rotate_secret(row.id))
    return redirect("dashboard:secret-created", subscription_id=row.id)


def _project(project: Project, rows: list[Subscription], caller: Caller) -> ProjectHooks:
    ordered = sorted(rows, key=lambda row: (row.created, row.id))
    return ProjectHooks(
        project_id=project.id,
        project=project.name,
        subscriptions=tuple(subscription_row(row) for row in ordered),
        may_change=caller.may(Permission.PROJECT_EDIT),
    )

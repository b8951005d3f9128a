"""The staff's page: all orders, what is wrong with which, and a button to try again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from kitloop_storefront import orders
from kitloop_storefront.background import outbox_bell
from kitloop_storefront.forms import StaffSearch
from kitloop_storefront.models import Customer, Order, Progress, ReceivedEvent
from kitloop_storefront.models.order import State
from kitloop_storefront.pages.kit import kit_page
from kitloop_storefront.stages import HOLD_OWNER_SHOP

ORDERS_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    created: datetime
    customer_email: str
    stage: str
    problem: str
    attempts: int
    next_attempt_at: datetime | None
    sample_id: str
    waits: bool
    refused_fields: str
    test_mode: bool
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffPage:
    rows: tuple[Row, ...]
    page: int
    pages: int
    found: int
    with_problems: int
    waiting: int
    events_waiting: int
    query: str
    only_problems: bool

    @property
    def link(self) -> str:
        """The search, for the links to other pages."""
        asked = {"q": self.query} if self.query else {}
        asked |= {"problems": "on"} if self.only_problems else {}
        return urlencode(asked) + "&" if asked else ""


@login_required
@require_GET
def staff(request: HttpRequest) -> HttpResponse:
    user = _staff(request)
    form = StaffSearch(request.GET)
    form.is_valid()
    query, only = form.cleaned_data.get("q", "").strip(), form.cleaned_data.get("problems", False)
    every = Order.objects.visible_to(user)
    shown = every.with_problems() if only else every
    if query:
        shown = shown.filter(number__icontains=query)
    pages = Paginator(
        shown.select_related("customer", "progress", "result").order_by("-created", "-pk"), ORDERS_ON_A_PAGE
    )
    page = pages.get_page(request.GET.get("page"))
    return render(
        request,
        "shop/staff.html",
        {
            "form": form,
            "page": StaffPage(
                rows=tuple(_row(order) for order in page.object_list),
                page=page.number,
                pages=pages.num_pages,
                found=pages.count,
                with_problems=every.with_problems().count(),
                waiting=every.waiting().count(),
                events_waiting=ReceivedEvent.objects.filter(handled_at=None).count(),
                query=query,
                only_problems=only,
            ),
        },
    )


@login_required
@require_POST
def try_again(request: HttpRequest, number: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.visible_to(_staff(request)), number=number)
    if orders.try_again(order):
        outbox_bell.set()
        messages.success(request, f"{order.number} is being sent again.")
    else:
        messages.info(request, f"{order.number} no longer waits.")
    return redirect("staff")


def _staff(request: HttpRequest) -> Customer:
    """For everybody else there is no such page."""
    if not (isinstance(request.user, Customer) and request.user.is_staff):
        raise Http404
    return request.user


def _hold(hold: dict[str, Any]) -> str:
    whose = "for you" if hold["owner"] == HOLD_OWNER_SHOP else f"for the {hold['owner']}" if hold["owner"] else "open"
    return f"Hold, {whose}: {hold['reason_code'].replace('_', ' ')}. {hold['note']}".strip()


def _row(order: Order) -> Row:
    progress: Progress | None = getattr(order, "progress", None)
    return Row(
        number=str(order.number),
        created=order.created,
        customer_email=order.customer.email,
        stage=kit_page(order).headline,
        problem=order.problem,
        attempts=order.attempts,
        next_attempt_at=order.next_attempt_at,
        sample_id=str(order.sample_id or ""),
        waits=order.state == State.ACCEPTED,
        refused_fields=", ".join(sorted(order.field_errors)),
        test_mode=order.test_mode,
        holds=tuple(_hold(hold) for hold in ((progress.journey if progress else None) or {}).get("holds", [])),
    )

"""A customer's pages: order, my kits, one kit, its results and files."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from kitloop_sdk import KitloopError, NotFound

from kitloop_storefront import orders
from kitloop_storefront.background import outbox_bell
from kitloop_storefront.forms import AddressForm, OrderForm
from kitloop_storefront.models import Customer, Order
from kitloop_storefront.models.order import State
from kitloop_storefront.pages.kit import KitPage, kit_page
from kitloop_storefront.pages.results import results_page
from kitloop_storefront.platform import platform
from kitloop_storefront.tracking import note_viewed

KITS_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class KitsPage:
    kits: tuple[KitPage, ...]
    page: int
    pages: int


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/home.html")


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/privacy.html", {"version": settings.CONSENT_VERSION})


@login_required
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest) -> HttpResponse:
    customer = request.user
    assert isinstance(customer, Customer)
    form = OrderForm(
        request.POST if request.method == "POST" else None,
        initial={
            "recipient_address_name": customer.name,
            "recipient_email": customer.email,
            "form_token": uuid.uuid4(),
        },
    )
    if request.method == "POST" and form.is_valid():
        accepted = orders.accept_order(customer, recipient=form.recipient(), form_token=form.cleaned_data["form_token"])
        outbox_bell.set()
        messages.success(request, "Thank you. Your order is in.")
        return redirect("kit", number=accepted.number)
    return render(request, "shop/order.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_GET
def kits(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, Customer)
    mine = Order.objects.owned_by(request.user).select_related("progress", "result").order_by("-created", "-pk")
    page = Paginator(mine, KITS_ON_A_PAGE).get_page(request.GET.get("page"))
    shown = KitsPage(tuple(kit_page(one) for one in page.object_list), page.number, page.paginator.num_pages)
    return render(request, "shop/kits.html", {"page": shown})


@login_required
@require_GET
def kit(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    note_viewed(found)
    page = kit_page(found)
    if page.needs_correction:
        list(
            messages.get_messages(request)
        )  # thanks for an order that has come back since: said neither here nor later
    return render(request, "shop/kit.html", {"page": page, "own": found.customer_id == request.user.pk})


@login_required
@require_GET
def progress(request: HttpRequest, number: str) -> HttpResponse:
    """The moving part of the kit page alone."""
    found = _visible(request, number)
    note_viewed(found)
    page = kit_page(found)
    return render(request, "shop/progress.html", {"page": page, "own": found.customer_id == request.user.pk})


@login_required
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, number: str) -> HttpResponse:
    found = _own(request, number)
    if found.state != State.NEEDS_CORRECTION:
        return redirect("kit", number=number)
    if request.method == "POST":
        form = AddressForm(request.POST)
        if form.is_valid():
            if orders.correct_order(found, recipient=form.recipient()):
                outbox_bell.set()
                messages.success(request, "Thank you. We are sending your order again.")
            return redirect("kit", number=number)
    else:
        form = AddressForm({name: getattr(found, name) for name in AddressForm.base_fields})
        form.add_platform_errors(found.field_errors)
    return render(
        request,
        "shop/correct.html",
        {"form": form, "number": number},
        status=422 if request.method == "POST" else 200,
    )


@login_required
@require_GET
def results(request: HttpRequest, number: str) -> HttpResponse:
    found = _own(request, number)
    result = getattr(found, "result", None)
    if result is None:
        return render(request, "shop/results_soon.html", {"page": kit_page(found)})
    return render(request, "shop/results.html", {"page": results_page(found, result)})


@login_required
@require_GET
def file(request: HttpRequest, number: str, file_type: str) -> HttpResponse:
    """On to the file itself, by an address that the platform has just signed."""
    found = _own(request, number)
    if found.sample_id is None:
        raise Http404
    try:
        files = platform().sample(str(found.sample_id)).files
    except NotFound:
        raise Http404 from None
    except KitloopError:
        return render(request, "shop/file_later.html", {"number": number}, status=503)
    address = next((one.download_url for one in files if one.file_type == file_type and one.download_url), None)
    if address is None:
        raise Http404
    return HttpResponseRedirect(address)


def _visible(request: HttpRequest, number: str) -> Order:
    assert isinstance(request.user, Customer)
    seen = Order.objects.visible_to(request.user).select_related("progress", "result")
    return get_object_or_404(seen, number=number)


def _own(request: HttpRequest, number: str) -> Order:
    """Results, files and the address are the customer's alone: for staff too they are not there."""
    assert isinstance(request.user, Customer)
    own = Order.objects.owned_by(request.user).select_related("progress", "result")
    return get_object_or_404(own, number=number)

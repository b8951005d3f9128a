"""The form behind a kit link: the person says where the kit goes, and it is ordered (contract §5.2)."""

from dataclasses import dataclass

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from kitloop.base.errors import KitloopError
from kitloop.hosted.address_form import AddressForm
from kitloop.hosted.ending import over, sent_back
from kitloop.hosted.entry import enter
from kitloop.hosted.opening import behind, minutes_left
from kitloop.hosted.showing import show
from kitloop.kits.links import Link, finish_link
from kitloop.kits.moves import CannotMove
from kitloop.kits.orders import order_kit


@dataclass(frozen=True, slots=True)
class KitForm:
    organization: str
    minutes_left: int
    test_mode: bool
    problems: tuple[tuple[str, str], ...]  # id of the input, and its name


@behind("kit", "GET", "HEAD", "POST")
def kit_form(request: HttpRequest, link: Link) -> HttpResponse:
    """Safe to send twice: the second time finds the kit that the first one ordered."""
    if link.done is not None:
        return sent_back(request, link)
    if link.sample.is_deleted or link.sample.is_final:
        return over(request, "closed", link)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            _order(request, link, form)
        except (KitloopError, CannotMove):
            return over(request, "closed", link)
        return sent_back(request, link)
    page = KitForm(
        organization=link.sample.project.organization.name,
        minutes_left=minutes_left(link),
        test_mode=link.sample.test_mode,
        problems=tuple((form[name].id_for_label, str(form[name].label)) for name in form.fields if name in form.errors),
    )
    leads_to = (link.redirect_on_success, link.redirect_on_failure)
    status = 422 if form.errors else 200
    return show(request, "kit_form.html", page, status=status, leads_to=leads_to, form=form.first_wrong())


@transaction.atomic
def _order(request: HttpRequest, link: Link, form: AddressForm) -> None:
    kit = order_kit(link.sample, recipient=form.recipient)
    finish_link(link)
    enter(request, link, "sample-kit-form.submit", kit.pk)

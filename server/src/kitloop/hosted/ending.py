"""How a visit ends: back at the company's site where it has named an address, else on a page that says what happened."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from kitloop.hosted.showing import show
from kitloop.kits.links import Link


@dataclass(frozen=True, slots=True)
class Ending:
    """A page without anything to fill in."""

    title: str
    said: tuple[str, ...]
    organization: str = ""


@dataclass(frozen=True, slots=True)
class _Why:
    status: int
    title: str
    said: str
    remedy: str


_WHY = {
    "unknown": _Why(
        404,
        "This link is not complete",
        "It may have been cut off on its way to you.",
        "Open it again from the place where you got it, or ask there for a new one.",
    ),
    "expired": _Why(
        410,
        "This link has expired",
        "It was made a while ago, and such links work for a short time only.",
        "Go back to {company} and ask for a new one.",
    ),
    "used": _Why(
        410,
        "This link was used already",
        "It opens once, and only in the browser that opened it. If that was you, look in your other tabs. "
        "If your browser refuses cookies, allow them first.",
        "Then go back to {company} and ask for a new link.",
    ),
    "timed_out": _Why(
        410,
        "Your time is up",
        "This page works for 15 minutes after its link was opened. Nothing was sent.",
        "Go back to {company} and ask for a new link.",
    ),
    "closed": _Why(
        409,
        "This can’t be done any more",
        "The order was cancelled, or nothing can be ordered at the moment. Nothing was sent.",
        "Ask {company} what to do.",
    ),
}
_WHY_OF_REPORTS = {
    "timed_out": _Why(
        410,
        "Your time is up",
        "A report can be read for 15 minutes after its link was opened, so that nobody finds it in this browser later.",
        "To read it again, go back to {company} and ask for a new link.",
    ),
    "closed": _Why(410, "This report is gone", "There are no results to show any more.", "Ask {company} why."),
}
_DONE = {
    "kit": (
        "Your kit is ordered",
        "We pass your order to the lab now, and the lab sends the kit to the address you gave.",
        "You get an e-mail when it is on its way. There is nothing more to do here: you can close this page.",
    ),
    "test": (
        "The test order is placed",
        "It goes through every step of a real one, but nothing is sent to the address.",
        "You can close this page.",
    ),
    "array": (
        "Your file is here",
        "It is complete and safely stored, and its analysis is waiting for its turn.",
        "You hear from {company} when your results are ready. You can close this page.",
    ),
}


def over(request: HttpRequest, why: str, link: Link | None = None) -> HttpResponse:
    """It can't go on. A link that we know sends the browser to where the company wants to hear of that."""
    if link is not None and link.redirect_on_failure:
        return _elsewhere(link.redirect_on_failure)
    found = _WHY_OF_REPORTS.get(why, _WHY[why]) if link is not None and link.kind == "report" else _WHY[why]
    company = link.sample.project.organization.name if link else ""
    said = (found.said, found.remedy.format(company=company or "where you got it"))
    return show(request, "ending.html", Ending(found.title, said, company), status=found.status)


def sent_back(request: HttpRequest, link: Link) -> HttpResponse:
    """It is done, now or before."""
    if link.redirect_on_success:
        return _elsewhere(link.redirect_on_success)
    company = link.sample.project.organization.name
    title, *said = _DONE["test" if link.kind == "kit" and link.sample.test_mode else link.kind]
    page = Ending(title, tuple(sentence.format(company=company) for sentence in said), company)
    return show(request, "ending.html", page)


def _elsewhere(url: str) -> HttpResponse:
    """303: a form that was sent here must not be sent there."""
    return HttpResponseRedirect(url, status=303)

"""A customer of the shop, at its pages as a browser would be: signs up, presses the button, looks at the results.

Fills the forms that it finds, hidden fields and all, and runs no scripts: what works for it works without them.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx2

RECIPIENT = {
    "recipient_address_name": "Jane Doe",
    "recipient_address_line1": "123 Main Street",
    "recipient_address_city": "San Francisco",
    "recipient_address_state_region": "CA",
    "recipient_address_postal_code": "94102",
    "recipient_address_country_code": "US",
    "recipient_email": "jane.doe@example.com",
    "recipient_phone": "+14155551234",
    "recipient_instructions": "Leave at front desk",
}


class ShopSaidNo(Exception):
    """A page of the shop did not go on to the next one; the message is what it said."""


class Customer:
    """One person's visit; keeps cookies between pages."""

    def __init__(self, shop_url: str) -> None:
        self._http = httpx2.Client(base_url=shop_url, follow_redirects=True, timeout=20)

    def close(self) -> None:
        self._http.close()

    def log_in_or_sign_up(self, *, name: str, email: str, password: str) -> None:
        answer = self._submit("/log-in/", {"email": email, "password": password})
        if answer.url.path.startswith("/log-in"):
            answer = self._submit("/sign-up/", {"name": name, "email": email, "password": password})
            if answer.url.path.startswith("/sign-up"):
                raise ShopSaidNo(f"The shop did not sign the customer up: {_said(answer.text)}")

    def order_kit(self) -> str:
        """Presses the button; the path of the new kit's page."""
        answer = self._submit("/order/", {**RECIPIENT, "consent": "on"})
        if not answer.url.path.startswith("/kits/"):
            raise ShopSaidNo(f"The shop did not take the order: {_said(answer.text)}")
        return answer.url.path

    def results(self, kit_path: str) -> str | None:
        """The results page's text once it shows ancestry and scores; none before."""
        answer = self._http.get(f"{kit_path}results/")
        shows = answer.status_code == 200 and "ancestry" in answer.text and "percentile" in answer.text.lower()
        return answer.text if shows else None

    def _submit(self, path: str, values: dict[str, str]) -> httpx2.Response:
        page = self._http.get(path)
        page.raise_for_status()
        form = _forms(page.text)[-1]  # the page's own; one in the header logs out
        target = urljoin(str(page.url), form.action)
        referer = f"{urlsplit(target).scheme}://{urlsplit(target).netloc}/"
        answer = self._http.post(target, data={**form.values, **values}, headers={"Referer": referer})
        if answer.status_code >= 500:
            raise ShopSaidNo(f"{path} answered {answer.status_code}.")
        return answer


@dataclass(slots=True)
class _Form:
    action: str
    values: dict[str, str] = field(default_factory=dict)


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(_Form(given.get("action") or ""))
        elif tag == "input" and self.forms and given.get("name") and given.get("type") not in {"checkbox", "submit"}:
            self.forms[-1].values[given["name"] or ""] = given.get("value") or ""


def _forms(page: str) -> list[_Form]:
    parser = _FormParser()
    parser.feed(page)
    return parser.forms


def _said(page: str) -> str:
    """The page's words, for an error message at the terminal."""

    class Words(HTMLParser):
        found: list[str]

        def handle_data(self, data: str) -> None:
            self.found.append(data.strip())

    words = Words()
    words.found = []
    words.feed(page)
    return " ".join(word for word in words.found if word)[:400]

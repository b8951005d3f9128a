"""The client: one method per thing that a consumer company does."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from kitloop_sdk import _records
from kitloop_sdk._download import fetch
from kitloop_sdk._errors import InvalidOrder, NotFound, UnexpectedAnswer, ValidationFailed
from kitloop_sdk._http import Http
from kitloop_sdk._orders import KitOrder
from kitloop_sdk._records import Ancestry, File, Journey, QualityControl, Sample, Status, Subscription, TraitScore, read

T = TypeVar("T")

PAGE_SIZE = 200  # the contract's largest page (§4)


class Client:
    """A typed, synchronous client of the v2 API, for Kitloop and for Gencove. Safe to share between threads.

    `timeout` is in seconds, for connecting and between two parts of an answer. `max_retries` counts tries after the
    first one, on network errors, 429, 502-504, and 409 with Retry-After: for reads, and for orders, which carry an
    idempotency key. No proxy is taken from the environment; give one as `proxy`.
    """

    def __init__(
        self,
        host: str,
        api_key: str,
        *,
        timeout: float = 30.0,
        max_retries: int = 3,
        proxy: str | None = None,
    ) -> None:
        self._http = Http(host, api_key, timeout=timeout, max_retries=max_retries, proxy=proxy)

    def __repr__(self) -> str:
        return f"<Client {self._http.host}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Kits ------------------------------------------------------------------------------------------------------

    def order_kit(self, order: KitOrder, *, idempotency_key: str | None = None) -> str:
        """The id of the new sample, or of the one that an earlier try with this key made.

        Keep the key with your order and use it again after a crash. Raises InvalidOrder, with messages by field.
        A host that does not know idempotency keys (Gencove documents none) may make a second sample when an
        unanswered order is sent again: there, use `max_retries=0` and look for your metadata before you repeat.
        """
        key = idempotency_key or str(uuid.uuid4())
        try:
            answer = self._http.call("POST", "/api/v2/sample-kit/", body=order.as_json(), idempotency_key=key).json()
        except ValidationFailed as error:
            raise InvalidOrder(
                str(error),
                status=error.status,
                code=error.code,
                request_id=error.request_id,
                body=error.body,
                fields=error.fields,
            ) from error
        return read(_sample_id_of, answer)

    def journey(self, sample_id: str) -> Journey | None:
        """The sample's kits, stages, tracking numbers and holds; None where the host has no such account (Gencove)."""
        try:
            answer = self._http.call("GET", f"/api/kitloop/v1/samples/{_segment(sample_id)}/journey")
        except NotFound as error:
            if (
                isinstance(error.body, dict) and "type" in error.body
            ):  # problem+json: Kitloop itself, and no such sample
                raise
            return None
        return read(_records.journey_of, answer.json())

    # Samples ---------------------------------------------------------------------------------------------------

    def sample(self, sample_id: str) -> Sample:
        """One sample with its files, whose addresses are fresh and short-lived."""
        return self._one(_records.sample_of, f"/api/v2/samples/{_segment(sample_id)}")

    def sample_metadata(self, sample_id: str) -> Any:
        """The JSON stored with the sample, None when there is none."""
        return read(_metadata_of, self._http.call("GET", f"/api/v2/sample-metadata/{_segment(sample_id)}").json())

    def project_samples(
        self,
        project_id: str,
        *,
        search: str = "",
        status: str = "all",
        sort_by: str = "modified",
        sort_order: str = "desc",
        modified_after: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Sample]:
        """The project's samples, fetched page by page as you go. `search` looks in ids, client ids and metadata."""
        params: dict[str, str | int] = {
            "search": search,
            "status": status,
            "sort_by": sort_by,
            "sort_order": sort_order,
        }
        if modified_after is not None:
            params["modified_after"] = modified_after.isoformat()
        path = f"/api/v2/project-samples/{_segment(project_id)}"
        return self._pages(_records.sample_of, path, params, page_size=page_size)

    def sample_statuses(self, sample_id: str) -> list[Status]:
        """The sample's history of statuses, in the host's order."""
        return list(self._pages(_records.status_of, f"/api/v2/sample-statuses/{_segment(sample_id)}"))

    def sample_quality_controls(self, sample_id: str) -> list[QualityControl]:
        """Every check of the sample's data."""
        path = f"/api/v2/sample-quality-controls/{_segment(sample_id)}"
        return list(self._pages(_records.quality_control_of, path))

    def sample_ancestry(self, sample_id: str) -> Ancestry:
        """Ancestry proportions. Raises NotFound where none were made."""
        return self._one(_records.ancestry_of, f"/api/v2/sample-ancestry/{_segment(sample_id)}")

    def sample_trait_scores(self, sample_id: str) -> list[TraitScore]:
        """Every polygenic score, those that could not be reported included."""
        return list(self._pages(_records.trait_score_of, f"/api/v2/sample-trait-scores/{_segment(sample_id)}"))

    # Files -----------------------------------------------------------------------------------------------------

    def file_sha256(self, file_id: str) -> str | None:
        """The file's SHA-256 as 64 hex digits, None when the host has none."""
        try:
            answer = self._http.call("GET", f"/api/v2/files/{_segment(file_id)}.sha256", params={"filename": file_id})
        except ValidationFailed:
            return None
        digest = answer.content.decode("ascii", "replace").split(" ", 1)[0].strip().lower()
        if len(digest) != 64:
            raise UnexpectedAnswer("The answer is not a SHA-256 line.", status=answer.status)
        return digest

    def download(self, file: File, path: str | Path) -> Path:
        """Write the file to `path`: streamed, resumed, checked for size and SHA-256, and only then given its name."""
        if not file.checksum_sha256:
            file = replace(file, checksum_sha256=self.file_sha256(file.id) or "")
        return fetch(self._http, file, Path(path))

    # Subscriptions ---------------------------------------------------------------------------------------------

    def subscriptions(self, project_id: str) -> list[Subscription]:
        return list(self._pages(_records.subscription_of, f"/api/v2/project-subscriptions/{_segment(project_id)}"))

    def create_subscription(
        self, project_id: str, target: str, event_types: list[str] | tuple[str, ...], *, name: str = ""
    ) -> Subscription:
        """A subscription without a secret yet: call `subscription_secret` next. Not repeated by itself."""
        body: dict[str, Any] = {"target": target, "event_types": list(event_types)} | ({"name": name} if name else {})
        path = f"/api/v2/project-subscriptions/{_segment(project_id)}"
        return read(_records.subscription_of, self._http.call("POST", path, body=body).json())

    def subscription_secret(self, subscription_id: str) -> str:
        """A new secret, shown only now; the one before stops to sign. Not repeated by itself."""
        path = f"/api/v2/project-subscription-secret/{_segment(subscription_id)}"
        return read(_secret_of, self._http.call("POST", path, body={}).json())

    def test_subscription(self, subscription_id: str, *, event_type: str | None = None, retry: bool = False) -> None:
        """Have a dummy event sent."""
        path = f"/api/v2/project-subscription-test/{_segment(subscription_id)}"
        self._http.call("POST", path, body={"event_type": event_type, "retry": retry})

    def delete_subscription(self, subscription_id: str) -> None:
        self._http.call("DELETE", f"/api/v2/project-subscription-details/{_segment(subscription_id)}")

    # -----------------------------------------------------------------------------------------------------------

    def _one(self, reader: Callable[[Any], T], path: str) -> T:
        return read(reader, self._http.call("GET", path).json())

    def _pages(
        self,
        reader: Callable[[Any], T],
        path: str,
        params: dict[str, str | int] | None = None,
        *,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[T]:
        """Only the offset is taken from `meta.next`: behind a proxy its host may not be the one to call."""
        offset: int | None = 0
        while offset is not None:
            query = (params or {}) | {"limit": page_size, "offset": offset}
            answer = self._http.call("GET", path, params=query).json()
            rows, following = read(_page_of, answer)
            yield from (read(reader, row) for row in rows)
            if following is not None and following <= offset:
                raise UnexpectedAnswer("The next page does not lie after this one.")
            offset = following


def _segment(value: str) -> str:
    """An id as one part of a path; an id with a slash or dots in it must not reach another address."""
    if not value or value in (".", ".."):
        raise ValueError("An empty id.")
    return quote(str(value), safe="")


def _page_of(value: Any) -> tuple[list[Any], int | None]:
    following = value["meta"]["next"]
    return list(value["results"]), int(parse_qs(urlsplit(following).query)["offset"][0]) if following else None


def _sample_id_of(value: Any) -> str:
    return str(uuid.UUID(value["sample_id"]))


def _metadata_of(value: Any) -> Any:
    return value["metadata"]


def _secret_of(value: Any) -> str:
    return str(value["secret"])

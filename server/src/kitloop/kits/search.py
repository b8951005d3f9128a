"""Finding samples by their id, client id or the words of their metadata.

The embedded PostgreSQL has no trigram index, so search is by word and by word prefix: "ORD-2025" finds "ORD-2025-001".
Words are cut here, the same way for what is stored and for what is asked, and matched as a phrase. Each carries the mark of its
project, so that a search walks through the words of one project and not of everybody's.
"""

import re
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

_WORDS = re.compile(r"[^\W_]+")
TEXT_CHARACTERS = 100_000  # a tsvector holds at most 1 MB; what lies beyond is stored and not searched


def words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def search_text(project_id: UUID, client_id: str, metadata: Any) -> str:
    """What is stored for search: every key and value, in order, as words."""
    mark = _mark(project_id)
    return " ".join(mark + word for word in words(f"{client_id} {' '.join(_leaves(metadata))}"[:TEXT_CHARACTERS]))


def _mark(project_id: UUID) -> str:
    return project_id.hex[:8]


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (str(key), *_leaves(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in _leaves(inner)]
    return [] if value is None else [str(value)]


def matching(asked: str, project_id: UUID) -> Q:
    """The condition for a search in a project: an exact sample id, or the words asked for, side by side, the last as a prefix."""
    asked = asked.strip()
    try:
        by_id = Q(pk=UUID(asked))
    except ValueError:
        by_id = Q()
    found = words(asked)
    if not found:
        return by_id or Q(pk__in=[])
    mark = _mark(project_id)
    phrase = " <-> ".join([*(mark + word for word in found[:-1]), f"{mark}{found[-1]}:*"])
    by_words = Q(search_vector=SearchQuery(phrase, config="simple", search_type="raw"))
    return by_id | by_words if by_id else by_words

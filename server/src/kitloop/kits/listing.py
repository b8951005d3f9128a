"""A project's samples in order, page by page, at the same speed whether there are a thousand or a million.

Counts come from slots (kits.counts). A page's ids are found in an index alone, from its nearer end; then its rows are read.
"""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F, OrderBy, Q, QuerySet
from django.db.models.functions import Coalesce

from kitloop.kits.counts import count_samples
from kitloop.kits.models import Sample
from kitloop.projects.models import Project

NOTHING = Q()
NEAR = 1000  # so far down it makes no difference from which end one comes


@dataclass(frozen=True, slots=True)
class Listing:
    """What paging asks of rows: how many there are, and a slice of them.

    `filters` are conditions on status and hidden; `others` on anything else, which then have to be counted for real.
    `is_searched`: they find their few rows by an index of their own.
    """

    project: Project
    filters: Q = NOTHING
    others: Q = NOTHING
    by: str = "modified"
    descending: bool = True
    is_searched: bool = False
    _counted: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def count(self) -> int:
        """Looked up once: paging asks for it, and so does a page far down."""
        if not self._counted:
            is_in_slots = self.others == NOTHING
            self._counted.append(count_samples(self.project.id, self.filters) if is_in_slots else self._rows().count())
        return self._counted[0]

    def __getitem__(self, wanted: slice) -> list[Sample]:
        start, stop = wanted.start or 0, wanted.stop
        ids = self._ids(start, stop)
        found = Sample.objects.defer("search_text", "search_vector").in_bulk(ids)  # those can be most of a row
        return [found[id] for id in ids if id in found]

    def _ids(self, start: int, stop: int) -> list[UUID]:
        count = self.count() if start > NEAR else 0
        if start > count // 2 and count:
            backwards = self._ordered(backwards=True)[max(0, count - stop) : max(0, count - start)]
            return list(backwards)[::-1]
        return list(self._ordered(backwards=False)[start:stop])

    def _ordered(self, *, backwards: bool) -> QuerySet[Sample, UUID]:
        return self._rows().order_by(*self._order(backwards=backwards)).values_list("pk", flat=True)

    def _rows(self) -> QuerySet[Sample]:
        return Sample.objects.filter(self.filters, self.others, project=self.project, deleted=None)

    def _order(self, *, backwards: bool) -> list[OrderBy]:
        """Whole, so that pages never overlap, and along an index in both directions."""
        # PostgreSQL takes a word for much more frequent than it is, and would walk along the listing's order until it has met twenty
        # matches. An order that no index has makes it find them first, and sort those.
        by = Coalesce(self.by, self.by) if self.is_searched else F(self.by)
        first = by.desc() if self.descending != backwards else by.asc()
        last = F("id").desc() if self.descending == backwards else F("id").asc()
        return [first, last]

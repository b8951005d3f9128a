"""The monthly usage report: CSV (contract §5.8)."""

import re
from datetime import UTC, date, datetime

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, require
from kitloop.api.routing import at
from kitloop.kits.usage import months_from, usage_of

MONTHS, MOST_MONTHS = 12, 120
_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])\Z", re.ASCII)


class MonthlyUsageView(Operation):
    def get(self, request: Request) -> HttpResponse:
        """How many samples succeeded and failed in each month, oldest first: of the last 12, or `from` one `to` another."""
        caller = require(request, Permission.PROJECT_VIEW)
        rows = [f"{each.month.year},{each.month.month},{each.succeeded},{each.failed}"
                for each in usage_of(caller.organization_id, months=_months(request))]  # fmt: skip
        text = "\n".join(["year,month,succeeded_samples,failed_samples", *rows, ""])
        answer = HttpResponse(text, content_type="text/csv")  # without a charset: a client compares all of it
        answer["Content-Disposition"] = 'attachment; filename="report.csv"'
        return answer


def _months(request: Request) -> list[date]:
    asked = {name: text for name in ("from", "to") if (text := request.query_params.get(name, "").strip())}
    if not asked:
        today = datetime.now(UTC).date()
        return months_from(date(today.year - 1, today.month, 1), today)[-MONTHS:]
    if len(asked) == 1:
        raise ValidationError({"error": "Must provide both 'from' and 'to' query parameters, or neither."})
    first, last = _month("from", asked["from"]), _month("to", asked["to"])
    if last < first:
        raise ValidationError({"to": ["This month is before the month of 'from'."]})
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise ValidationError({"to": [f"A report has at most {MOST_MONTHS} months."]})
    return months_from(first, last)


def _month(name: str, text: str) -> date:
    found = _MONTH.match(text)
    if found is None or text == "9999-12":  # the last month that a date can have has none after it
        raise ValidationError({name: ["Enter a month as YYYY-MM."]})
    return date(int(found[1]), int(found[2]), 1)


routes = [at("organization-monthly-usage-report", MonthlyUsageView, "organization-monthly-usage-report")]

"""GET sample-genomic-variants/{id}: the imputed genotypes at some places (contract §7.5)."""

import re

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import Operation, sample_of
from kitloop.api.pagination import page
from kitloop.api.routing import at
from kitloop.runs.variants import Region, variants_in, variants_named
from kitloop.wire.results import genomic_variant

RSIDS_AT_MOST, SPAN_AT_MOST = 50, 100_000
FARTHEST = 2**31 - 1  # what a VCF can hold
_PLACES = ("chromosome", "position", "start_position", "end_position")
_MODES = {("chromosome", "position"), ("chromosome", "start_position", "end_position"), ("rsid",)}
_RSID = re.compile(r"rs[1-9][0-9]{0,17}", re.IGNORECASE | re.ASCII)
_ASK = "Ask for exactly one of: chromosome and position; chromosome, start_position and end_position; rsid."


class SampleGenomicVariantsView(Operation):
    """The sample's variants at one position, in a range of at most 100,000 positions, or with at most 50 rsIDs; in genome order."""

    def get(self, request: Request, sample_id: str) -> Response:
        """Read single positions of the imputed genome. Positions are 1-based; `rsid` is a list with commas."""
        sample = sample_of(request, sample_id)
        asked = tuple(name for name in (*_PLACES, "rsid") if request.query_params.get(name, "").strip())
        if asked not in _MODES:
            raise ValidationError({"detail": _ASK})
        rows = variants_named(sample, _rsids(request)) if asked == ("rsid",) else variants_in(sample, _region(request))
        return page(request, rows, lambda found: [genomic_variant(each) for each in found])


def _region(request: Request) -> Region:
    chromosome = request.query_params["chromosome"].strip()
    if "position" in request.query_params and request.query_params["position"].strip():
        position = _place(request, "position")
        return Region(chromosome, position, position)
    start, end = _place(request, "start_position"), _place(request, "end_position")
    if end < start:
        raise ValidationError({"end_position": ["Ensure this value is not less than start_position."]})
    if end - start > SPAN_AT_MOST:
        raise ValidationError({"end_position": [f"Ensure the range is not longer than {SPAN_AT_MOST} positions."]})
    return Region(chromosome, start, end)


def _place(request: Request, name: str) -> int:
    text = request.query_params[name].strip()
    if not (text.removeprefix("-").isdigit() and text.isascii()):
        raise ValidationError({name: ["A valid integer is required."]})
    number = int(text) if len(text) < 20 else FARTHEST + 1
    if text.startswith("-") or number < 1:
        raise ValidationError({name: ["Ensure this value is greater than or equal to 1."]})
    if number > FARTHEST:
        raise ValidationError({name: [f"Ensure this value is less than or equal to {FARTHEST}."]})
    return number


def _rsids(request: Request) -> set[str]:
    given = [each.strip() for each in request.query_params["rsid"].split(",")]
    if len(given) > RSIDS_AT_MOST:
        raise ValidationError({"rsid": [f"Ensure this field has no more than {RSIDS_AT_MOST} elements."]})
    if not all(_RSID.fullmatch(each) for each in given):
        raise ValidationError({"rsid": ["Enter rsIDs like rs429358, with commas between them."]})
    return {each.lower() for each in given}


routes = [at("sample-genomic-variants/{sample_id}", SampleGenomicVariantsView, "sample-genomic-variants")]

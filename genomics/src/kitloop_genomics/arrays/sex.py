"""How many X and Y chromosomes the person of an array has, from X's heterozygous calls and Y's called probes.

A man's X shows one allele outside the stretches where it pairs with Y: 23andMe writes it once, AncestryDNA and MyHeritage
twice, and none is heterozygous but by error, in about one call of a hundred. A woman's X has some three quarters of her
autosomes' heterozygosity, since a population has three X for four of an autosome. So X is measured by that ratio, which a
chip's choice of sites and a person's ancestry move little. Y's probes have nothing to bind to in a woman: 23andMe calls
none, others a few that X answers; of a man most are called. PLINK's `--check-sex` (below 0.2 and above 0.8 of the expected
heterozygosity is missing) and the package `snps` (3 % of X heterozygous, 30 % of Y called) draw their lines in the same gaps.
"""

from __future__ import annotations

from dataclasses import dataclass

from kitloop_genomics.arrays.export import Export
from kitloop_genomics.arrays.vendors import X, Y
from kitloop_genomics.quality.sex import UNDETERMINED

ONE_X_AT_MOST, TWO_X_AT_LEAST = 0.12, 0.4  # of the autosomes' heterozygosity
NO_Y_AT_MOST, ONE_Y_AT_LEAST = 0.3, 0.5  # of Y's probes
# Fewer leave it open. Consumer arrays have thousands on X and hundreds on Y.
MIN_X_CALLS, MIN_Y_PROBES, MIN_AUTOSOMAL_CALLS = 200, 50, 1_000
_LEAST_HETEROZYGOSITY = 0.05  # of the autosomes: below that there is nothing to compare with


@dataclass(frozen=True, slots=True)
class ArraySex:
    """x_ratio: heterozygosity of X as a share of the autosomes', None where too few calls tell.  y_called: share of Y's
    probes with a call, None likewise.
    """

    x_ratio: float | None
    y_called: float | None

    @property
    def karyotype(self) -> str:
        """XX, XY, X0 or XXY; `undetermined` between the lines and where either is unknown."""
        if self.x_ratio is None or self.y_called is None:
            return UNDETERMINED
        x = "X" if self.x_ratio <= ONE_X_AT_MOST else "XX" if self.x_ratio >= TWO_X_AT_LEAST else ""
        y = "" if self.y_called <= NO_Y_AT_MOST else "Y" if self.y_called >= ONE_Y_AT_LEAST else "?"
        return UNDETERMINED if not x or y == "?" else "X0" if x + y == "X" else x + y


def sex_of_array(export: Export, par: tuple[tuple[int, int], ...]) -> ArraySex:
    """par: where X pairs with Y, 1-based and inclusive, in the export's build; what AncestryDNA calls chromosome 25 is no X here."""
    sites = export.sites
    heterozygous = (sites.second != 0) & (sites.second != sites.first)
    autosomal, on_x, on_y = sites.chromosome < X, sites.chromosome == X, sites.chromosome == Y
    for first, last in par:
        on_x &= (sites.position < first) | (sites.position > last)
    x_ratio = y_called = None
    if autosomal.sum() >= MIN_AUTOSOMAL_CALLS and on_x.sum() >= MIN_X_CALLS:
        usual = float(heterozygous[autosomal].mean())
        if usual >= _LEAST_HETEROZYGOSITY:
            x_ratio = float(heterozygous[on_x].mean()) / usual
    called = int(on_y.sum())
    if called + export.no_calls_on_y >= MIN_Y_PROBES:
        y_called = called / (called + export.no_calls_on_y)
    return ArraySex(x_ratio, y_called)

"""`python -m bench [part ...]`: measures what is named, or all of it, beside its yardsticks in the same run."""

import sys

from bench import analysis, chromosome, deliveries, genome, growth, listing, mapping, orders, panel, people, whole

PARTS = {
    "orders": orders.main,
    "deliveries": deliveries.main,
    "listing": listing.main,
    "analysis": analysis.main,
    "mapping": mapping.main,
    "growth": growth.main,
    "whole": whole.main,
    "panel": panel.main,
    "chromosome": chromosome.main,
    "genome": genome.main,
    "people": people.main,
}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    for name in chosen:
        if name not in PARTS:
            sys.exit(f"bench: {name} is not measured here. One of: {', '.join(PARTS)}.")
    for name in chosen:
        PARTS[name]()


main()

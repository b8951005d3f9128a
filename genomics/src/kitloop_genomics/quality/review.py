"""What a person has to look at before a result is released: a sample that isn't whose it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kitloop_genomics.quality.fingerprint import Fingerprint
from kitloop_genomics.quality.identity import SAME, SECOND_DEGREE, Comparison, compare_samples, kinship_of
from kitloop_genomics.quality.reason import Reason

Sex = Literal["XX", "XY"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What was declared of a sample. sex: of its chromosomes.  same_person: an earlier sample of the same person.

    others: the other samples of its project, none of which should be this person's.
    """

    sex: Sex | None = None
    same_person: Fingerprint | None = None
    others: tuple[Fingerprint, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """relatives: those compared with that are not strangers; for the operator's eyes, as the holds are."""

    compared: int
    relatives: tuple[Comparison, ...]
    holds: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        """`identity` in `result.json`; no deliverable and no report has it."""
        return {"compared_with": self.compared, "relatives": [one.as_json() for one in self.relatives]}


NOTHING_EXPECTED = Expected()


def look_at_identity(own: Fingerprint, expected: Expected) -> Identity:
    """Compare a sample with the declared earlier one and with its project; messages name samples, never people.

    A second sample of one person is a hold, and so is one that is not the declared person's. Relatives are told and
    hold nothing up: families order together.
    """
    relatives, held = [], []
    earlier = expected.same_person
    if earlier is not None:
        found = compare_samples(own, earlier)
        relatives.append(found)
        if found.relation != "same_person":
            message = f"It is declared to be of the same person as {earlier.sample_id}, and reads as {_words(found)}."
            held.append(Reason("not_the_declared_person", message))
    others = [one for one in expected.others if one.sample_id != own.sample_id]
    near = [compare_samples(own, other) for other in others if kinship_of(own, other) >= SECOND_DEGREE]
    relatives += near
    same = [
        one.samples[1] for one in near if one.kinship >= SAME and (not earlier or one.samples[1] != earlier.sample_id)
    ]
    if same:
        held.append(
            Reason("same_person_twice", f"It reads as the same person as {', '.join(sorted(same))}, or a twin.")
        )
    return Identity(len(others) + (earlier is not None), tuple(relatives), tuple(held))


def _words(found: Comparison) -> str:
    return f"{found.relation.replace('_', ' ')} (kinship {found.kinship:.2f} ± {found.standard_error:.2f})"

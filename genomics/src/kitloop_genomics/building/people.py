"""The population table: who of the panel belongs where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kitloop_genomics.bundle.panel import PEOPLE_HEADER
from kitloop_genomics.errors import PanelSourceError

_PERSON = ("person", "sample", "iid", "sampleid", "sample_id", "sample name")
_POPULATION = ("population", "pop", "population code")
_NAME = ("name", "population name")
_FORM = "Write tab-separated rows under a header with the columns person, population and, if you like, name"


@dataclass(frozen=True, slots=True)
class Labels:
    """By person, population key and the name to show."""

    of_person: dict[str, tuple[str, str]]

    def text(self, people: tuple[str, ...]) -> str:
        """The content of the bundle's `populations.tsv`."""
        rows = ["\t".join((person, *self.of_person[person])) for person in people]
        return "\n".join([PEOPLE_HEADER, *rows]) + "\n"


def read_labels(path: Path) -> Labels:
    """Read the table; a header as that of the 1000 Genomes' (`sample`, `pop`) will do too."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PanelSourceError(path, f"can't be read ({error})", _FORM) from error
    words = [word.strip().lower() for word in lines[0].split("\t")] if lines else []
    person, population, name = (_place(words, names) for names in (_PERSON, _POPULATION, _NAME))
    if person is None or population is None:
        raise PanelSourceError(path, "its header names no person or no population", _FORM, place="line 1")
    found: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        fields = [field.strip() for field in line.split("\t")]
        if not any(fields):
            continue
        if len(fields) <= max(person, population) or not fields[person] or not fields[population]:
            raise PanelSourceError(path, f"the row {line!r} lacks a column", _FORM, place=f"line {number}")
        key = fields[population]
        shown = fields[name] if name is not None and len(fields) > name and fields[name] else key
        if names.setdefault(key, shown) != shown:
            problem = f"the population {key} is called {shown!r} and before it {names[key]!r}"
            raise PanelSourceError(path, problem, "Give each population one name", place=f"line {number}")
        if found.setdefault(fields[person], (key, shown)) != (key, shown):
            problem = f"{fields[person]} stands there a second time with another population"
            raise PanelSourceError(path, problem, "Give each person once", place=f"line {number}")
    return Labels(found)


def check_people(table: Path, labels: Labels, files: list[tuple[Path, tuple[str, ...]]]) -> tuple[str, ...]:
    """The panel's people: the same in each file, and each with a population, of which there are two at least."""
    first, people = files[0]
    if not people:
        raise PanelSourceError(first, "holds no people", "Give a panel with genotypes, not only sites")
    if len(set(people)) != len(people):
        twice = next(one for one in people if people.count(one) > 1)
        raise PanelSourceError(first, f"names {twice} twice", "Give each person once")
    for path, others in files[1:]:
        if others != people:
            at = next((n for n, (a, b) in enumerate(zip(people, others, strict=False)) if a != b), None)
            problem = f"has {len(others)} people, and {first.name} has {len(people)}"
            if at is not None:
                problem = f"its person {at + 1} is {others[at]}, and that of {first.name} is {people[at]}"
            raise PanelSourceError(path, problem, "Give files of the same people in the same order")
    unknown = [person for person in people if person not in labels.of_person]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        problem = f"has no population for {', '.join(unknown[:3])}{more}"
        raise PanelSourceError(table, problem, f"Add a row each, or leave them out of {first.name}")
    if len({labels.of_person[person] for person in people}) < 2:
        problem = f"puts all {len(people)} people into one population, and ancestry is told between populations"
        raise PanelSourceError(table, problem, "Label at least two populations")
    return people


def _place(words: list[str], names: tuple[str, ...]) -> int | None:
    return next((at for at, word in enumerate(words) if word in names), None)

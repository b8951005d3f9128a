"""What can go wrong that the caller can act on.

    GenomicsError
    ├── BundleError      the reference bundle or demo folder can't be used; says which file and how to mend it
    ├── InputError       an argument can't be used (a sample id with a slash, a missing FASTQ)
    │   ├── ScoringFileError   a scoring file can't be read; names its line
    │   └── PanelSourceError   a file that a bundle is built from can't be used; names the line or record
    └── ExportError      an array export can't be used (`arrays.errors`, where each problem has its class)

Bad *data* is not an error: it is a verdict, and ends in `result.json` with status `failed_qc`.
"""

from __future__ import annotations

from pathlib import Path


class GenomicsError(Exception):
    """Base of all errors that this package raises on purpose."""


class BundleError(GenomicsError):
    """A reference bundle can't be used. `path` is the file or folder at fault, `remedy` one sentence."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}. {remedy}")
        self.path = path
        self.problem = problem
        self.remedy = remedy


class InputError(GenomicsError):
    """An argument can't be used; the message says which and why."""


class ScoringFileError(InputError):
    """A scoring file can't be read. `line` counts from 1, None where the problem has no line."""

    def __init__(self, path: Path, problem: str, remedy: str, *, line: int | None = None) -> None:
        super().__init__(_printable(f"{path}{f', line {line}' if line else ''}: {problem}. {remedy}"))
        self.path = path
        self.problem = problem
        self.remedy = remedy
        self.line = line


class PanelSourceError(InputError):
    """A file that a bundle is built from can't be used. `place` is a line or record of it, None for the whole file."""

    def __init__(self, path: Path, problem: str, remedy: str, *, place: str | None = None) -> None:
        super().__init__(_printable(f"{path}{f', {place}' if place else ''}: {problem}. {remedy}"))
        self.path = path
        self.place = place
        self.problem = problem
        self.remedy = remedy


def _printable(text: str) -> str:
    """Files are quoted in messages, and a terminal would obey what control characters in them say."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)

"""What can be wrong with an array export; each class is one fact with a stable code.

ExportError
├── ExportUnreadableError      the file can't be opened or read
├── ExportTooLargeError        more than 25 MB zipped, 100 MB of text or two million rows
├── ExportUnsafeZipError       a zip with paths, links, passwords or a promise of sizes that no export has
├── ExportBrokenZipError       a zip that breaks off or fails its own checksum
├── ExportSeveralFilesError    a zip with more than the one file that a vendor puts in
├── ExportNotTextError         a spreadsheet, a PDF, a picture, an archive inside the archive
├── ExportEmptyError           nothing in it, or a heading without rows
├── ExportUnknownVendorError   text, but of none of the three vendors
├── ExportBuildError           positions of a genome build that can't be used
├── ExportMalformedError       a row that the vendor would not write
├── ExportTruncatedError       the text ends within a row
├── ExportTooSparseError       too few of its sites are in the panel
└── ExportMismatchError        its alleles are not the panel's: another build, strand or species
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from kitloop_genomics.errors import GenomicsError

DOWNLOAD_AGAIN = "Download the raw data from the vendor again and upload that file without opening or changing it"


class ExportError(GenomicsError):
    """An array export can't be used.

    `problem` and `remedy` are sentences for the person who uploaded it; neither holds a genotype, nor a name from
    inside the file: vendors put people's names into file names. `line` counts from 1 in the (unzipped) text, None
    where the problem has no line. `path` is the file as the caller named it, for the caller's own eyes.
    """

    code: ClassVar[str]

    def __init__(self, path: Path, problem: str, remedy: str = DOWNLOAD_AGAIN, *, line: int | None = None) -> None:
        self.path = path
        self.problem = problem
        self.remedy = remedy
        self.line = line
        super().__init__(f"{path}{f', line {line}' if line else ''}: {problem}. {remedy}")

    @property
    def message(self) -> str:
        """The same without the path, fit for a verdict that leaves this machine."""
        return f"{f'Line {self.line}: ' if self.line else ''}{self.problem}. {self.remedy}."

    def as_json(self) -> dict[str, str | int | None]:
        """For a program or a page that shows the refusal; without the path."""
        return {"code": self.code, "problem": self.problem, "line": self.line, "remedy": self.remedy}


class ExportUnreadableError(ExportError):
    code = "array_unreadable"


class ExportTooLargeError(ExportError):
    code = "array_too_large"


class ExportUnsafeZipError(ExportError):
    code = "array_unsafe_zip"


class ExportBrokenZipError(ExportError):
    code = "array_broken_zip"


class ExportSeveralFilesError(ExportError):
    code = "array_several_files"


class ExportNotTextError(ExportError):
    code = "array_not_text"


class ExportEmptyError(ExportError):
    code = "array_empty"


class ExportUnknownVendorError(ExportError):
    code = "array_unknown_vendor"


class ExportBuildError(ExportError):
    code = "array_build"


class ExportMalformedError(ExportError):
    code = "array_malformed"


class ExportTruncatedError(ExportError):
    code = "array_truncated"


class ExportTooSparseError(ExportError):
    code = "array_too_sparse"


class ExportMismatchError(ExportError):
    code = "array_mismatch"

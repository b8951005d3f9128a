"""VCF as text (the specification's versions 4.1 to 4.4), plain or BGZF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kitloop_genomics.building.record import Records
from kitloop_genomics.building.stream import PanelStream, readable
from kitloop_genomics.errors import PanelSourceError

_FIXED = 9
_TAB, _PHASED, _UNPHASED, _ZERO = (ord(letter) for letter in "\t|/0")
_MISSING = ord(".") - ord("0")


class VcfText:
    """See `VariantSource`."""

    def __init__(self, path: Path, stream: PanelStream) -> None:
        self.path = path
        self._stream = stream
        self.people: tuple[str, ...] = ()
        self._lines = 0
        with readable(path):
            for line in self._stream:
                self._lines += 1
                if line.startswith(b"#CHROM"):
                    self.people = tuple(line.decode().rstrip("\r\n").split("\t")[_FIXED:])
                    return
                if not line.startswith(b"##"):
                    break
        raise PanelSourceError(path, "is neither VCF nor BCF", "Give a phased VCF or BCF, from its header on")

    def __iter__(self) -> Iterator[tuple[str, int, bytes]]:
        known: dict[bytes, str] = {}
        last = b"\n"
        with readable(self.path):
            for number, line in enumerate(self._stream, self._lines + 1):
                last = line
                chromosome, _, rest = line.partition(b"\t")
                position = rest.partition(b"\t")[0]
                if not position.isdigit():
                    problem = f"{line[:40].decode(errors='backslashreplace').rstrip()!r} is no record of a VCF"
                    raise PanelSourceError(self.path, problem, "Mend or remove it", place=f"line {number}")
                name = known.get(chromosome) or known.setdefault(chromosome, chromosome.decode())
                yield name, int(position), line
        if not last.endswith(b"\n"):
            raise PanelSourceError(self.path, "breaks off in its last line", "Copy it again: it is not whole")

    def decode(self, raws: list[bytes], places: list[str]) -> Records:
        try:
            return self._decode(raws, places)
        except UnicodeDecodeError as error:
            raise PanelSourceError(self.path, "is not text", "Mend or remove the record", place=places[0]) from error

    def _decode(self, raws: list[bytes], places: list[str]) -> Records:
        rows = [raw.rstrip(b"\r\n").split(b"\t", _FIXED) for raw in raws]
        texts = [self._genotypes(fields, place) for fields, place in zip(rows, places, strict=True)]
        people = len(self.people)
        cells = np.frombuffer(b"".join(texts), np.uint8)
        if len(cells) == 4 * people * len(texts) and (cells[3::4] == _TAB).all():
            grid = cells.reshape(len(texts), people, 4)
            first, second = (grid[:, :, at].astype(np.int8) - np.int8(_ZERO) for at in (0, 2))
            mark = grid[:, :, 1]
        else:  # some people have one allele, or some alleles two digits
            each = [self._uneven(text, place) for text, place in zip(texts, places, strict=True)]
            first, second, mark = (np.array(column) for column in zip(*each, strict=True))
        strange = ((first > 9) | (first < 0) & (first != _MISSING) | (second < 0) & (second != _MISSING)).any(axis=1)
        strange |= ((mark != _PHASED) & (mark != _UNPHASED)).any(axis=1)
        for at in np.flatnonzero(strange).tolist():
            self._uneven(texts[at], places[at])
        return Records(
            [row[2].decode() for row in rows],
            [row[3].decode().upper() for row in rows],
            [row[4].decode().upper().split(",") for row in rows],
            first, second, mark == _UNPHASED,
        )  # fmt: skip

    def _genotypes(self, fields: list[bytes], place: str) -> bytes:
        """The record's GT words, a tab after each."""
        if len(fields) != _FIXED + 1 or fields[8].split(b":", 1)[0] != b"GT":
            remedy = "Give a VCF with GT as the first word of FORMAT"
            raise PanelSourceError(self.path, "has no genotypes", remedy, place=place)
        text = fields[_FIXED]
        if fields[8] != b"GT":
            text = b"\t".join([entry.split(b":", 1)[0] for entry in text.split(b"\t")])
        if (count := text.count(b"\t") + 1) != len(self.people):
            problem = f"has genotypes of {count} people, and the header names {len(self.people)}"
            raise PanelSourceError(self.path, problem, "Copy the file again: the line is not whole", place=place)
        return text + b"\t"

    def _uneven(self, text: bytes, place: str) -> tuple[list[int], list[int], list[int]]:
        """Alleles and marks of one record, word by word; refuses what is no genotype."""
        first, second, mark = [], [], []
        for number, entry in enumerate(text.split(b"\t")[:-1]):
            alleles = entry.replace(b"|", b"/").split(b"/")
            if len(alleles) > 2 or not all(one == b"." or one.isdigit() for one in alleles):
                problem = f"the genotype {entry.decode(errors='replace')!r} of {self.people[number]} is not two alleles"
                remedy = "Give a phased panel of people with two alleles each"
                raise PanelSourceError(self.path, problem, remedy, place=place)
            values = [_MISSING if one == b"." else int(one) for one in alleles]
            first.append(values[0])
            second.append(values[-1])
            mark.append(_UNPHASED if b"/" in entry else _PHASED)
        return first, second, mark

    def bytes_read(self) -> int:
        return self._stream.bytes_read()

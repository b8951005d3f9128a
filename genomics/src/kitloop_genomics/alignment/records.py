"""Mapped pairs as BAM records (SAM specification, section 4.2), with the tags that samtools fixmate would add."""

from __future__ import annotations

import zlib
from binascii import unhexlify
from functools import cache
from struct import Struct

from kitloop_genomics.alignment.mapping import MappedPair
from kitloop_genomics.alignment.pairing import Hit, InsertRange, flags, is_proper, template_length

READ_GROUP = "1"
_SOFT_CLIP = 4
_OPERATIONS = "MIDNSHP=X"
_MIN_QUALITY_FOR_SCORE = 15  # as in samtools fixmate
# block_size, refID, pos, l_read_name, mapq, bin, n_cigar_op, flag, l_seq, next_refID, next_pos, tlen
_FIXED = Struct("<iiiBBHHHiiii")
_FIXED_BYTES = _FIXED.size - 4  # block_size doesn't count itself
_CIGAR = Struct("<I")
_TAG = Struct("<3si")
_READ_GROUP_TAG = f"RGZ{READ_GROUP}\0".encode()
_PHRED = bytes(max(letter - 33, 0) for letter in range(256))
_GOOD_PHRED = bytes(phred if phred >= _MIN_QUALITY_FOR_SCORE else 0 for phred in _PHRED)


def _packing(codes: bytes) -> bytes:
    table = bytearray(b"f" * 256)
    for letters in (b"ACGT", b"acgt"):
        for letter, code in zip(letters, codes, strict=True):
            table[letter] = code
    return bytes(table)


# Two bases to a byte, as indices into "=ACMGRSVTWYHKDBN". Written as hexadecimal digits they are packed by one call
# for the whole read. The second table is for reads on the reverse strand: it complements as well.
_PACKING = (_packing(b"1248"), _packing(b"8421"))


def header(contigs: dict[str, int], sample_id: str) -> bytes:
    """A BAM header without program lines: these would hold paths, and the same data should give the same bytes."""
    lines = [
        "@HD\tVN:1.6\tSO:unsorted\tGO:query",
        *(f"@SQ\tSN:{name}\tLN:{length}" for name, length in contigs.items()),
        f"@RG\tID:{READ_GROUP}\tSM:{sample_id}\tLB:{sample_id}\tPL:ILLUMINA",
    ]
    text = "".join(f"{line}\n" for line in lines).encode()
    parts = [b"BAM\1", len(text).to_bytes(4, "little"), text, len(contigs).to_bytes(4, "little")]
    for name, length in contigs.items():
        named = name.encode() + b"\0"
        parts += [len(named).to_bytes(4, "little"), named, length.to_bytes(4, "little")]
    return b"".join(parts)


def records(pair: MappedPair, normal: InsertRange) -> bytes:
    """The two records of a pair. An unmapped read takes its mate's position, as the specification recommends."""
    one, two = pair.hits
    cigars = _cigar(one), _cigar(two)
    mapped = one is not None or two is not None
    length, proper = template_length(one, two), is_proper(one, two, normal)
    out = []
    for at in (0, 1):
        own, mate = pair.hits[at], pair.hits[1 - at]
        packed, operations, _ = cigars[at]
        bases, quality = pair.bases[at], pair.qualities[at]
        digits = bases.translate(_PACKING[own is not None and own.reverse])
        phred = quality.translate(_PHRED)
        if own is not None and own.reverse:
            digits, phred = digits[::-1], phred[::-1]
        if len(digits) % 2:
            digits += b"0"
        tags = (_TAG.pack(b"NMi", own.edits) if own is not None else b"") + _READ_GROUP_TAG
        if mate is not None:
            tags += _TAG.pack(b"MQi", mate.mapq)
        if mapped:
            tags += b"MCZ" + cigars[1 - at][2] + b"\0"
        tags += _TAG.pack(b"msi", _score(pair.qualities[1 - at]))
        place, other = own or mate, mate or own
        body = b"".join((pair.name, b"\0", packed, unhexlify(digits), phred, tags))
        out.append(
            _FIXED.pack(
                _FIXED_BYTES + len(body),
                place.contig if place else -1,
                place.start if place else -1,
                len(pair.name) + 1,
                own.mapq if own else 0,
                _bin(place.start, own.end if own else place.start + 1) if place else _BIN_OF_NOWHERE,
                operations,
                flags(own, mate, first=at == 0, proper=proper),
                len(bases),
                other.contig if other else -1,
                other.start if other else -1,
                -length if at else length,
            )
        )
        out.append(body)
    return b"".join(out)


def _score(quality: bytes) -> int:
    """Sum of the good qualities.

    One half of Adler-32 is 1 and the sum of the bytes, modulo 65,521, ten times as fast as `sum`: no read is so long
    (`MAX_READ_BP`) that its qualities, at most 93, come to more.
    """
    return (zlib.adler32(quality.translate(_GOOD_PHRED)) & 0xFFFF) - 1


def _cigar(hit: Hit | None) -> tuple[bytes, int, bytes]:
    """A hit's CIGAR packed, its number of operations, and its text."""
    if hit is None:
        return b"", 0, b"*"
    before, after = hit.clips
    if not before and not after and len(hit.cigar) == 1:  # nearly all reads
        return _whole(*hit.cigar[0])
    whole = [(before, _SOFT_CLIP), *hit.cigar, (after, _SOFT_CLIP)]
    kept = [(size, kind) for size, kind in whole if size]
    text = "".join(f"{size}{_OPERATIONS[kind]}" for size, kind in kept)
    return b"".join(_CIGAR.pack(size << 4 | kind) for size, kind in kept), len(kept), text.encode()


@cache
def _whole(size: int, kind: int) -> tuple[bytes, int, bytes]:
    return _CIGAR.pack(size << 4 | kind), 1, f"{size}{_OPERATIONS[kind]}".encode()


_BIN_OF_NOWHERE = 4680  # the specification's value for an unplaced read


def _bin(start: int, end: int) -> int:
    """reg2bin of the specification (section 5.3): the smallest bin of the index that holds start to end."""
    last = end - 1
    for shift, first in ((14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)):
        if start >> shift == last >> shift:
            return first + (start >> shift)
    return 0

"""Where rsIDs are: an index that is made once for each list of sites, and shared by all samples that were imputed at them.

A VCF's own index finds positions. Finding a name in it would be reading all of it, so names get an index of their own: a SQLite
file, because it sorts forty million of them within a bounded memory and is then read page by page. All samples of a panel have the same
sites, so it lies under the digest of its content, and each sample's VCF has a line beside it that says which one is its.
"""

import gzip
import hashlib
import re
import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from kitloop.base import objects
from kitloop.runs.models import File, Run

Site = tuple[int, str, int]  # rs number, contig, 1-based position
_RSID = re.compile(r"rs([1-9][0-9]{0,17})")
_COLUMNS = re.compile(rb"^([^#\t\n][^\t\n]*\t[0-9]+\t[^\t\n]+)\t", re.MULTILINE)  # contig, position, names
_VERSION = b"1"  # of the index's layout
PART_BYTES = 1 << 20
_BEFORE = (  # what is not finished is thrown away, so that nothing needs a journal
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA temp_store = FILE",
    "BEGIN",
    "CREATE TABLE loaded (number INTEGER, contig TEXT, position INTEGER)",
    "CREATE TABLE sites (number INTEGER, contig TEXT, position INTEGER, PRIMARY KEY (number, contig, position)) WITHOUT ROWID",
)
_AFTER = (
    "INSERT OR IGNORE INTO sites SELECT number, contig, position FROM loaded ORDER BY 1, 2, 3",
    "DROP TABLE loaded",
    "COMMIT",
    "VACUUM",
)


def keep_rsids(run: Run, files: Iterable[File]) -> None:
    """Makes sure that the rsIDs of a run's imputed VCF, if it has one, can be found. Safe to do twice."""
    for file in files:
        if file.file_type == "impute-vcf":
            index_rsids(file.object_key)


def index_rsids(vcf_key: str) -> str:
    """The key of the index of a VCF's rsIDs, which is made where no sample had these sites before."""
    vcf = objects.path_of(vcf_key)
    digest = _digest(vcf)
    key = f"rsids/{digest}.sqlite"
    if not objects.path_of(key).is_file():
        with tempfile.TemporaryDirectory(prefix="rsids-", dir=objects.work_folder()) as folder:
            made = Path(folder) / "rsids.sqlite"
            _write(made, _sites(vcf))
            objects.take_file(key, made)
    objects.take_bytes(_beside(vcf_key), f"{key}\n".encode())
    return key


def places_of(vcf_key: str, rsids: Collection[str]) -> list[tuple[str, int]] | None:
    """Contig and 1-based position of each site that has one of these names (`rs123`). None where the VCF has no index yet."""
    try:
        key = objects.path_of(_beside(vcf_key)).read_text().strip()
    except FileNotFoundError:
        return None
    numbers = [int(found[1]) for rsid in rsids if (found := _RSID.fullmatch(rsid))]
    # Immutable: no lock and no journal beside a file that is replaced whole or not at all.
    address = f"file:{quote(str(objects.path_of(key)))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as index:
        marks = ", ".join("?" * len(numbers))
        # The marks are question marks; the numbers are parameters.
        rows = index.execute(f"SELECT contig, position FROM sites WHERE number IN ({marks})", numbers)  # noqa: S608
        return [(contig, position) for contig, position in rows]


def _beside(vcf_key: str) -> str:
    return f"{vcf_key}.rsids"


def _digest(vcf: Path) -> str:
    digest = hashlib.sha256(_VERSION)
    for part in _parts(vcf):
        digest.update(b"".join(_COLUMNS.findall(part)))
    return digest.hexdigest()


def _sites(vcf: Path) -> Iterator[Site]:
    """Every rsID of a VCF, in its order. A site may have several, and one may be at several sites."""
    for part in _parts(vcf):
        for columns in _COLUMNS.findall(part):
            contig, position, names = columns.split(b"\t")
            for name in names.decode().split(";"):
                if found := _RSID.fullmatch(name):
                    yield int(found[1]), contig.decode(), int(position)


def _parts(vcf: Path) -> Iterator[bytes]:
    """The text in parts of whole lines: matched a part at a time, because line by line takes ten times as long."""
    with gzip.open(vcf) as text:
        while part := text.read(PART_BYTES):
            yield part + text.readline()


def _write(path: Path, sites: Iterator[Site]) -> None:
    """Loaded as they come and then sorted once: put into a tree one by one, they would touch all of it again and again."""
    with closing(sqlite3.connect(path, isolation_level=None)) as index:
        for statement in _BEFORE:
            index.execute(statement)
        index.executemany("INSERT INTO loaded VALUES (?, ?, ?)", sites)
        for statement in _AFTER:
            index.execute(statement)

"""What the documents say of the tree is true of the tree."""

import re
from pathlib import Path

from kitloop.kits.writing import INSERT

ROOT = Path(__file__).resolve().parents[3]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()


def test_every_file_that_the_architecture_follows_a_kit_through_is_there() -> None:
    sources = [ROOT / "server/src/kitloop", ROOT / "storefront/src/kitloop_storefront"]
    named = {re.sub(r"^storefront/…/", "", path) for path in re.findall(r"`([\w/…]+\.py)\b", ARCHITECTURE)}
    assert len(named) > 20
    assert {name for name in named if not any((root / name).exists() for root in (*sources, ROOT))} == set()


def test_the_architecture_shows_the_rows_that_the_import_contract_holds() -> None:
    contract = (ROOT / ".importlinter").read_text()
    rows = re.search(r"^layers =\n((?:    .+\n)+)", contract, re.M)
    assert rows is not None
    held = [set(re.findall(r"kitloop\.(\w+)", row)) for row in rows[1].splitlines()]
    drawn = re.search(r"```\n(local .+?)```", ARCHITECTURE, re.S)
    assert drawn is not None
    shown = [set(re.findall(r"\w+", re.split(r"\s{3,}", line)[0])) for line in drawn[1].splitlines()[:-1]]
    shown += [set(re.findall(r"\w+", part)) for part in drawn[1].splitlines()[-1].split(">")]
    assert shown == held


def test_the_licence_is_the_whole_text() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert text.rstrip().endswith("limitations under the License.")


def test_the_bench_writes_the_same_rows_as_an_order() -> None:
    bench = (ROOT / "bench/orders.py").read_text()
    given = set(re.findall(r'"(\w+)":', bench[bench.index("values = {") : bench.index("connection.execute")]))
    assert given - {"kit_id", "customer_id"} == set(re.findall(r"%\((\w+)\)s", INSERT))

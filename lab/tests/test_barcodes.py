from itertools import combinations, pairwise

import pytest
from builders import send_order, settle
from django.db import IntegrityError, transaction
from django.test import Client
from kitloop_lab import code128
from kitloop_lab.barcodes import ALPHABET, PREFIXES, check_character, is_code, make_code
from kitloop_lab.models import Batch, Code, Kit
from kitloop_lab.stock import make_batch
from receiver import Receiver


def test_every_single_wrong_character_is_found() -> None:
    code = make_code("kit")
    assert is_code(code)
    for place in (3, 4, 5, 6, 8, 9, 10, 11, 13):
        for other in set(ALPHABET) - {code[place]}:
            assert not is_code(code[:place] + other + code[place + 1 :])


def test_every_swap_of_two_characters_is_found() -> None:
    for _ in range(50):
        code = make_code("tube")
        for a, b in combinations((3, 4, 5, 6, 8, 9, 10, 11, 13), 2):
            swapped = list(code)
            swapped[a], swapped[b] = code[b], code[a]
            assert is_code("".join(swapped)) == (code[a] == code[b])


def test_the_check_character_is_the_documented_sum() -> None:
    body = "7Q2M4D8X"
    total = sum(
        w * ALPHABET.index(c) for w, c in zip((9, 8, 7, 6, 5, 4, 3, 2, 1), body + check_character(body), strict=True)
    )
    assert total % 31 == 0
    assert not is_code("KL-7Q2M-4D8X")
    assert not is_code(f"XX-7Q2M-4D8X-{check_character(body)}")


@pytest.mark.django_db
def test_no_two_things_carry_the_same_code() -> None:
    make_batch(2)
    first, second = Kit.objects.order_by("pk")
    taken = first.codes.get(kind="kit").value
    with pytest.raises(IntegrityError), transaction.atomic():
        Code.objects.create(value=taken, kind="outbound", kit=second)
    with pytest.raises(IntegrityError), transaction.atomic():
        Code.objects.create(value="KL-other", kind="kit", kit=second)


@pytest.mark.django_db
def test_a_random_code_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_batch(1)
    taken = Code.objects.get(kind="kit").value
    drawn = iter([taken])
    monkeypatch.setattr("kitloop_lab.stock.make_code", lambda kind: next(drawn, None) or make_code(kind))
    make_batch(2)
    assert [Batch.objects.count(), Kit.objects.count(), Code.objects.count()] == [2, 3, 6]


@pytest.mark.django_db
def test_every_order_takes_a_kit_of_its_own_and_stock_is_made_when_it_is_out(
    client: Client, platform: Receiver
) -> None:
    kit_ids = [send_order(client) for _ in range(7)]
    settle()
    assert Batch.objects.count() == 3  # of three kits each: 9 for 7 orders
    assert Kit.objects.filter(state="made").count() == 2
    barcodes = {e["data"]["barcode"] for e in platform.heard if e["type"] == "kit.packed"}
    assert len(barcodes) == 7
    assert {e["kit_id"] for e in platform.heard} == set(kit_ids)
    assert all(is_code(code.value) and code.value.startswith(PREFIXES[code.kind]) for code in Code.objects.all())


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "order"), [("packed", False), ("made", True)])
def test_a_kit_in_stock_has_no_order_and_any_other_has_one(client: Client, state: str, order: bool) -> None:
    from kitloop_lab.models import Order

    send_order(client)
    make_batch(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Kit.objects.update(state=state, order=Order.objects.get() if order else None)


def test_code_128_reads_back_as_written() -> None:
    for text in ("KL-7Q2M-4D8X-5", "DO-0000-YYYY-A", "~ !"):
        assert _scan(code128.widths(text)) == text
    with pytest.raises(ValueError):
        code128.widths("Zoë")


def test_code_128_is_the_published_symbol() -> None:
    # "PJJ123C" in code set B has check value 54 (the worked example of the standard's usual descriptions uses set A,
    # where the check is 54 with start value 103; with start B it is one more).
    values = [code128.START_B, *(ord(c) - 32 for c in "PJJ123C")]
    assert (values[0] + sum(n * v for n, v in enumerate(values) if n)) % 103 == 55
    assert all(sum(map(int, p)) == 11 and sum(map(int, p[::2])) % 2 == 0 for p in code128.PATTERNS)
    assert len(set(code128.PATTERNS)) == 106


def test_bars_have_quiet_zones_and_stand_apart() -> None:
    bars, width = code128.bars("KL-7Q2M-4D8X-5")
    assert bars[0] == (10, 2)
    assert width == 10 + 11 * 16 + 13 + 10  # quiet, start + 14 characters + check, stop, quiet
    assert bars[-1][0] + bars[-1][1] == width - 10
    assert all(left + wide < following for (left, wide), (following, _) in pairwise(bars))


def _scan(widths: str) -> str:
    """The slow plain version: read the widths as a scanner does."""
    symbols = [widths[at : at + 6] for at in range(0, len(widths) - 7, 6)]
    values = [code128.PATTERNS.index(symbol) for symbol in symbols]
    assert widths[-7:] == "2331112"
    assert values[0] == 104
    weighted = values[0]
    for place, value in enumerate(values[1:-1], start=1):
        weighted += place * value
    assert weighted % 103 == values[-1]
    return "".join(chr(value + 32) for value in values[1:-1])

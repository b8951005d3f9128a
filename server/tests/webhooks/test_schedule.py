"""When to try again."""

from datetime import UTC, datetime, timedelta

import pytest
from kitloop.webhooks.schedule import next_due, next_probe, retry_after_delay

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
OFFSETS = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


def test_ten_tries_end_a_day_after_the_first() -> None:
    moment, due = NOW, []
    for failures in range(1, 10):
        again = next_due(OFFSETS, failures, now=moment, chance=0.5)
        assert again is not None
        moment = again
        due.append((moment - NOW).total_seconds())
    assert due == OFFSETS[1:]
    assert next_due(OFFSETS, 10, now=moment) is None


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
def test_pauses_are_spread_by_a_fifth(chance: float, seconds: float) -> None:
    assert next_due(OFFSETS, 1, now=NOW, chance=chance) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Tue, 03 Mar 2026 12:02:00 GMT", 120),
        ("Tue, 03 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999999999", 100_000_000),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("²", 0),
        ("Tue, 99 Mar 2026 12:02:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: int | None) -> None:
    found = retry_after_delay(text, now=NOW)
    assert found > timedelta(days=10**6) if seconds is None else found == timedelta(seconds=seconds)


def test_retry_after_only_lengthens_and_at_most_to_a_day() -> None:
    assert next_due(OFFSETS, 2, now=NOW, retry_after="1", chance=0.5) == NOW + timedelta(seconds=295)
    assert next_due(OFFSETS, 2, now=NOW, retry_after="999999999", chance=0.5) == NOW + timedelta(days=1)


@pytest.mark.parametrize(("outage_seconds", "pause_seconds"), [(0, 5), (50, 5), (600, 60), (6000, 600), (400_000, 600)])
def test_probes_come_soon_in_a_short_outage_and_seldom_in_a_long_one(outage_seconds: int, pause_seconds: int) -> None:
    since = NOW - timedelta(seconds=outage_seconds)
    assert next_probe(OFFSETS, failing_since=since, now=NOW, chance=0.5) == NOW + timedelta(seconds=pause_seconds)

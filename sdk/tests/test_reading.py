import logging
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import kitloop_sdk
import pytest
from kitloop_sdk import Client, NotFound, RateLimited, Unavailable, UnexpectedAnswer
from kitloop_sdk._http import pause_seconds, retry_after_seconds
from loopback import Answer, Asked, Loopback

SAMPLE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
PROJECT = "06a5d04b-526a-4471-83ba-fb54e0941758"

DETAILS = {
    "id": SAMPLE,
    "project": PROJECT,
    "run": None,
    "created": "2025-10-12T19:47:15.332776Z",
    "modified": "2025-10-31T12:34:56Z",
    "hidden": False,
    "client_id": "",
    "physical_id": "",
    "legacy_id": "",
    "last_status": {"id": "c0de", "status": "failed qc", "note": "", "created": "2025-10-31T12:34:56Z"},
    "archive_last_status": {
        "id": "ab12",
        "status": "available",
        "created": "2025-10-12 19:47:15.394485+00:00",
        "transition_cutoff": None,
    },
    "files": [
        {
            "id": "f11e",
            "s3_path": "x",
            "size": 12,
            "download_url": None,
            "file_type": "impute-vcf",
            "checksum_sha256": "",
            "shadow_mode": False,
        }
    ],
    "a_key_of_tomorrow": 1,
}


def page(rows: list[Any], following: str | None = None) -> Answer:
    return Answer(200, {"meta": {"count": len(rows), "next": following, "previous": None}, "results": rows})


def test_a_sample_is_read_and_unknown_keys_are_ignored(host: Loopback, client: Client) -> None:
    host.say(Answer(200, DETAILS))
    sample = client.sample(SAMPLE)
    assert host.asked[0].path == f"/api/v2/samples/{SAMPLE}"
    assert (sample.last_status.status, sample.last_status.key) == ("failed qc", "failed_qc")
    assert sample.created == datetime(2025, 10, 12, 19, 47, 15, 332776, tzinfo=UTC)
    assert (sample.archive_status, sample.metadata) == ("available", None)
    assert [(file.file_type, file.size, file.download_url) for file in sample.files] == [("impute-vcf", 12, None)]


def test_all_pages_are_walked_lazily_by_offset(host: Loopback, client: Client) -> None:
    rows = [DETAILS | {"id": f"{number:08d}-0000-4000-8000-000000000000"} for number in range(5)]

    def answer(asked: Asked) -> Answer:
        offset = int(asked.path.split("offset=")[1].split("&")[0])
        # Another host name, as behind a proxy: only the offset counts.
        following = f"https://elsewhere.example{asked.path.split('?')[0]}?limit=2&offset={offset + 2}"
        return page(rows[offset : offset + 2], following if offset + 2 < len(rows) else None)

    host.say(answer)
    found = client.project_samples(PROJECT, search="ORD 1", status="running", page_size=2)
    assert host.asked == []
    assert next(found).id == rows[0]["id"]
    assert len(host.asked) == 1
    assert [sample.id for sample in found] == [row["id"] for row in rows[1:]]
    assert len(host.asked) == 3
    first = host.asked[0].path
    assert first.startswith(f"/api/v2/project-samples/{PROJECT}?")
    for part in ("search=ORD+1", "status=running", "sort_by=modified", "sort_order=desc", "limit=2", "offset=0"):
        assert part in first.replace("%20", "+")


def test_a_page_that_leads_nowhere_is_not_followed_for_ever(host: Loopback, client: Client) -> None:
    host.say(page([DETAILS], "https://x.example/?offset=0"))
    with pytest.raises(UnexpectedAnswer):
        list(client.project_samples(PROJECT))
    assert len(host.asked) == 1


def test_a_search_never_reaches_the_log(host: Loopback, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    host.say(Answer(503), page([]))
    assert list(client.project_samples(PROJECT, search="jane.doe@example.com")) == []
    assert "project-samples" in caplog.text
    assert "jane" not in caplog.text


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_tried_again_and_gives_up_at_last(
    host: Loopback, client: Client, status: int, pauses: list[float]
) -> None:
    host.say(Answer(status))
    with pytest.raises(RateLimited if status == 429 else Unavailable):
        client.sample(SAMPLE)
    assert len(host.asked) == 4
    assert all(seconds <= 8 for seconds in pauses)
    assert len(pauses) == 3


def test_500_is_not_tried_again(host: Loopback, client: Client) -> None:
    host.say(Answer(500, b"<html>", {"Content-Type": "text/html"}))
    with pytest.raises(Unavailable):
        client.sample(SAMPLE)
    assert len(host.asked) == 1


def test_the_hosts_own_pause_is_honoured(host: Loopback, client: Client, pauses: list[float]) -> None:
    host.say(Answer(429, None, {"Retry-After": "7"}), Answer(200, DETAILS))
    client.sample(SAMPLE)
    assert pauses == [7.0]


def test_a_long_pause_is_the_callers_to_decide(host: Loopback, client: Client, pauses: list[float]) -> None:
    maintenance = {"maintenance": True, "maintenance_eta": "2026-01-01T17:00:00", "maintenance_message": "Back soon."}
    host.say(Answer(503, maintenance, {"Retry-After": "3600"}))
    with pytest.raises(Unavailable) as caught:
        client.sample(SAMPLE)
    assert caught.value.retry_after_seconds == 3600
    assert pauses == []


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now=now) == 30
    assert retry_after_seconds("Thu, 01 Jan 2026 11:00:00 GMT", now=now) == 0
    assert retry_after_seconds("soon", now=now) is None
    assert retry_after_seconds(None) is None


def test_pauses_double_with_jitter_up_to_a_limit() -> None:
    for number in range(1, 12):
        longest = min(8.0, 0.25 * 2 ** (number - 1))
        assert all(longest / 2 <= pause_seconds(number) <= longest for _ in range(20))


def test_results_are_read_with_their_nulls(host: Loopback, client: Client) -> None:
    host.say(
        page(
            [
                {
                    "quality_control_type": {"key": "format", "type": "bool", "name": "Valid FASTQ format"},
                    "quality_control": {
                        "value_expected": None,
                        "value_measured": None,
                        "value_string": "",
                        "status": "failed",
                    },
                }
            ]
        ),
        page(
            [
                {
                    "trait_score": {"value": None, "percentile": None},
                    "trait_distribution": {"value": None, "version": "1.0"},
                    "trait": {"key": "height"},
                    "trait_unit": {"key": "cm"},
                    "risk": None,
                },
                {
                    "trait_score": {"value": 1.23, "percentile": 87.5},
                    "trait_distribution": {"value": {"bin_edges": [0, 1, 2], "counts": [3, 4]}, "version": "1.0"},
                    "trait": {"key": "ldl"},
                    "trait_unit": {"key": ""},
                    "risk": "high_risk",
                    "details": {
                        "name": "LDL",
                        "percentile_low": 80,
                        "percentile_high": 91.5,
                        "risk_percentile_threshold": 85,
                    },
                },
            ]
        ),
        Answer(200, {"ancestry": {"value": None}, "metadata": {"value": None}}),
        Answer(
            200,
            {
                "ancestry": {
                    "value": {
                        "populations": [{"key": "fin", "name": "Finland", "proportion": 1, "low": None, "high": 1}]
                    }
                },
                "metadata": {"value": {"panel": "x"}},
            },
        ),
    )
    (check,) = client.sample_quality_controls(SAMPLE)
    assert (check.key, check.status, check.value_measured) == ("format", "failed", None)
    missing, score = client.sample_trait_scores(SAMPLE)
    assert (missing.value, missing.percentile, missing.distribution, missing.risk) == (None, None, None, None)
    assert (missing.name, missing.percentile_low, missing.not_reported_because) == ("", None, "")
    assert score.distribution is not None
    assert (score.name, score.percentile_low, score.percentile_high) == ("LDL", 80.0, 91.5)
    assert (score.risk_percentile_threshold, score.not_reported_because) == (85.0, "")
    assert (score.value, score.percentile, score.distribution.counts) == (1.23, 87.5, (3.0, 4.0))
    assert client.sample_ancestry(SAMPLE).populations == ()
    (finland,) = client.sample_ancestry(SAMPLE).populations
    assert (finland.proportion, finland.low, finland.high) == (1.0, None, 1.0)


def test_statuses_are_the_whole_history(host: Loopback, client: Client) -> None:
    host.say(
        page(
            [
                {"status": "running", "note": "", "created": "2026-01-02T00:00:00Z"},
                {"status": "kit_ordered", "note": "x", "created": None},
            ]
        )
    )
    assert [status.status for status in client.sample_statuses(SAMPLE)] == ["running", "kit_ordered"]


def test_a_journey_has_kits_moves_and_holds(host: Loopback, client: Client) -> None:
    host.say(
        Answer(
            200,
            {
                "sample_id": SAMPLE,
                "status": "kit_ordered",
                "note": "",
                "kits": [
                    {
                        "id": "k1",
                        "state": "shipped",
                        "test_mode": True,
                        "carrier": "Demo Post",
                        "outbound_tracking": "1",
                        "return_tracking": "2",
                        "moves": [{"state": "shipped", "at": "2026-03-03T15:00:00Z", "note": ""}],
                    }
                ],
                "holds": [{"reason_code": "undeliverable", "owner": "customer", "note": "n", "deadline": None}],
            },
        )
    )
    journey = client.journey(SAMPLE)
    assert journey is not None
    assert journey.kits[0].moves[0].at == datetime(2026, 3, 3, 15, tzinfo=UTC)
    assert (journey.holds[0].reason_code, journey.holds[0].owner) == ("undeliverable", "customer")
    assert host.asked[0].path == f"/api/kitloop/v1/samples/{SAMPLE}/journey"


def test_a_host_without_journeys_gives_none(host: Loopback, client: Client) -> None:
    host.say(Answer(404, {"detail": "Not found."}))
    assert client.journey(SAMPLE) is None


def test_a_journey_of_no_sample_is_not_found(host: Loopback, client: Client) -> None:
    host.say(Answer(404, {"type": "about:blank", "title": "Not found", "status": 404}))
    with pytest.raises(NotFound):
        client.journey(SAMPLE)


def test_an_id_can_not_reach_another_address(host: Loopback, client: Client) -> None:
    host.say(Answer(404, {"detail": "Not found."}))
    with pytest.raises(NotFound):
        client.sample("../projects/1?x=")
    assert host.asked[0].path == "/api/v2/samples/..%2Fprojects%2F1%3Fx%3D"
    with pytest.raises(ValueError, match="empty"):
        client.sample("")


def test_subscriptions_are_made_listed_tested_and_deleted(host: Loopback, client: Client) -> None:
    made = {"id": "s1", "name": "shop", "target": "https://shop.example/hook", "event_types": ["analysis_complete_v2"]}
    host.say(
        Answer(201, made),
        Answer(200, {"secret": "a-secret"}),
        Answer(202),
        page([made | {"project": PROJECT, "protocol": "webhook", "has_secret": True}]),
        Answer(204),
    )
    subscription = client.create_subscription(PROJECT, made["target"], made["event_types"], name="shop")
    assert client.subscription_secret(subscription.id) == "a-secret"
    client.test_subscription(subscription.id, event_type="analysis_complete_v2")
    (listed,) = client.subscriptions(PROJECT)
    assert (listed.has_secret, listed.protocol) == (True, "webhook")
    client.delete_subscription("s1")
    assert [(asked.method, asked.path.split("?")[0]) for asked in host.asked] == [
        ("POST", f"/api/v2/project-subscriptions/{PROJECT}"),
        ("POST", "/api/v2/project-subscription-secret/s1"),
        ("POST", "/api/v2/project-subscription-test/s1"),
        ("GET", f"/api/v2/project-subscriptions/{PROJECT}"),
        ("DELETE", "/api/v2/project-subscription-details/s1"),
    ]


def test_what_has_no_key_is_sent_once(host: Loopback, client: Client) -> None:
    host.say(Answer(503))
    with pytest.raises(Unavailable):
        client.subscription_secret("s1")
    assert len(host.asked) == 1


def test_a_host_must_be_an_address() -> None:
    with pytest.raises(ValueError, match="http or https"):
        Client("ftp://example.com", "key")
    assert repr(Client("api.gencove.com", "key")) == "<Client https://api.gencove.com>"


def test_the_public_names_are_these() -> None:
    helpers = {"webhooks", "labs", "countries", "command", "import_module", "TYPE_CHECKING", "Any"}
    loaded = {name for name in vars(kitloop_sdk) if not name.startswith("_")} - helpers
    assert loaded <= set(kitloop_sdk.__all__)
    assert [getattr(kitloop_sdk, name).__name__ for name in kitloop_sdk.__all__] == kitloop_sdk.__all__
    with pytest.raises(AttributeError, match="no attribute 'Clients'"):
        _ = kitloop_sdk.Clients
    assert kitloop_sdk.__all__ == sorted(kitloop_sdk.__all__, key=lambda name: (name.islower(), name))


def test_who_only_checks_signatures_does_not_wait_for_an_http_library() -> None:
    code = "import sys, kitloop_sdk.labs, kitloop_sdk.webhooks; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

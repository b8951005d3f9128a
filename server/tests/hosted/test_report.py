"""A person reads their results behind a link that their company asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import Cast, make_lab
from django.test import Client
from hosted_visits import asked, opened, path_of
from kitloop.base import clock
from kitloop.events.models import AuditEntry
from kitloop.hosted.curve import HEIGHT, WIDTH, curve
from kitloop.kits.links import Link
from kitloop.kits.models import Sample
from kitloop.runs.models import Run, TraitScore

from lab import ordered_kit

EDGES, COUNTS = [0.0, 1.0, 2.0, 3.0, 4.0], [10, 40, 40, 10]


@pytest.fixture
def sample(cast: Cast) -> Sample:
    """One with three scores: raised, not raised, and one that could not be read."""
    cast.organization.consumer_reports_enabled = True
    cast.organization.save()
    kit = ordered_kit(cast, make_lab())
    populations = [
        {"key": "N", "name": "North", "proportion": 0.25, "low": 0.2, "high": 0.3},
        {"key": "S", "name": "South", "proportion": 0.75, "low": 0.7, "high": 0.8},
    ]
    run = Run.objects.create(
        sample=kit.sample, kit=kit, inputs={}, created=clock.now(), finished=datetime(2026, 3, 1, tzinfo=UTC),
        state="succeeded", ancestry={"populations": populations},
    )  # fmt: skip
    for key, value, percentile, risk in (
        ("A", 3.5, 95.0, "high_risk"),
        ("B", 1.0, 10.0, "not_high_risk"),
        ("C", None, None, ""),
    ):
        TraitScore.objects.create(
            run=run, key=key, value=value, percentile=percentile, risk=risk,
            distribution={"bin_edges": EDGES, "counts": COUNTS} if value is not None else None,
            details={
                "name": f"Trait {key}", "description": f"About {key}", "percentile_low": 8.0 if percentile else None,
                "percentile_high": 12.0 if percentile else None, "risk_percentile_threshold": 90 if risk else None,
            },
        )  # fmt: skip
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id, status="succeeded")
    return Sample.objects.get(pk=kit.sample_id)


def asked_for(client: Client, cast: Cast, sample: Sample, **body: Any) -> Any:
    return asked(client, cast, f"sample-consumer-report/{sample.pk}", who="viewer", **body)


def test_a_report_is_a_link_and_its_end(client: Client, cast: Cast, sample: Sample) -> None:
    answer = asked_for(client, cast, sample)
    assert answer.status_code == 201
    assert list(answer.json()) == ["url", "expires_at"]
    assert answer.json()["url"].startswith("http://127.0.0.1:8000/reports/view?token=")
    link = Link.objects.get()
    assert link.expires - link.issued == timedelta(seconds=600)
    assert AuditEntry.objects.get(action="sample-consumer-report.post").subjects == [sample.pk]
    assert asked_for(client, cast, sample, report_type="prs", expires_in=60).status_code == 201
    empty = client.post(f"/api/v2/sample-consumer-report/{sample.pk}", headers=cast.viewer.headers)
    assert empty.status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"report_type": "ancestry"}, {"report_type": ['"ancestry" is not a valid choice.']}),
        ({"expires_in": 59}, {"expires_in": ["Ensure this value is greater than or equal to 60."]}),
        ({"expires_in": 3601}, {"expires_in": ["Ensure this value is less than or equal to 3600."]}),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    client: Client, cast: Cast, sample: Sample, body: dict[str, Any], said: dict[str, list[str]]
) -> None:
    answer = asked_for(client, cast, sample, **body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert Link.objects.count() == 0


def test_a_person_of_no_group_is_told_so(client: Client, cast: Cast, sample: Sample) -> None:
    page = opened(client, asked_for(client, cast, sample).json())
    words, sure, gaps = "The groups below do not fit you well.", "70.0 to 80.0 %", 'fill="url(#open)"'
    assert [said in client.get(page).content.decode() for said in (words, sure, gaps)] == [False, True, False]
    Run.objects.filter(pk=sample.run_id).update(ancestry_metadata={"outside_panel": True, "method": "tracts"})
    assert [said in client.get(page).content.decode() for said in (words, sure, gaps)] == [True, False, True]
    client.force_login(cast.owner.user)
    shown = client.get(f"/samples/{sample.pk}").content.decode()
    assert "The panel’s populations do not fit." in shown
    assert [said in shown for said in ("Nearest populations: South 75.0 %", sure, gaps, "Intervals cover")] == [
        True, False, True, False,
    ]  # fmt: skip


def test_a_share_of_nothing_is_told_as_little(client: Client, cast: Cast, sample: Sample) -> None:
    populations = [
        {"key": "N", "name": "North", "proportion": 1.0, "low": 0.99, "high": 1.0},
        {"key": "S", "name": "South", "proportion": 0.0, "low": 0.0, "high": 0.0004},
    ]
    Run.objects.filter(pk=sample.run_id).update(ancestry={"populations": populations})
    shown = client.get(opened(client, asked_for(client, cast, sample).json())).context["page"].shares
    assert [share.interval for share in shown] == ["99.0 to 100.0 %", "under 0.1 %"]


def test_why_a_score_is_left_out_is_told_to_the_person_and_to_the_company(
    client: Client, cast: Cast, sample: Sample
) -> None:
    rows = list(TraitScore.objects.order_by("key"))
    for row, code in zip(rows, ("outside_panel", "low_match_rate", "outside_panel"), strict=True):
        row.value = row.percentile = row.distribution = None
        row.risk = ""
        row.details |= {"not_reported_because": code, "match_rate": 0.614, "match_rate_min": 0.75}
        row.save()
    answer = client.get(opened(client, asked_for(client, cast, sample).json()))
    assert answer.context["page"].scores == ()
    (outside, unmatched) = answer.context["page"].left_out
    assert (outside.names, unmatched.names) == (("Trait A", "Trait C"), ("Trait B",))
    assert "misleading" in outside.why
    assert "It says nothing about your sample." in unmatched.why
    assert "counts as raised" not in answer.content.decode()
    client.force_login(cast.owner.user)
    shown = client.get(f"/samples/{sample.pk}").content.decode()
    assert "61.4 % of its variants are in the panel, 75.0 % are needed." in shown
    assert shown.count("Not comparable: some or all of the ancestry") == 2
    rows[0].details["not_reported_because"] = "made_up_later"
    rows[0].save()
    assert "Made up later" in client.get(f"/samples/{sample.pk}").content.decode()


def trait(key: str, *, why: str | None = None, **found: Any) -> dict[str, Any]:
    """As the analysis gives it (`TraitCall.as_json`)."""
    common = {
        "key": key,
        "name": f"Taste {key}",
        "description": "About it",
        "source": "Doe 2020",
        "probability_min": 0.95,
    }
    none = {"outcome": None, "probability": None, "genotype": None, "chromosome_copies": None}
    return {**common, **none, "reported": why is None, "not_reported_because": why, **found}


def test_traits_of_single_places_are_told_where_they_are_sure(client: Client, cast: Cast, sample: Sample) -> None:
    told = trait("A", outcome="tastes dew", probability=0.9996, genotype="C/A", chromosome_copies=2)
    of_one = trait("X", outcome="sees red", probability=0.962, genotype="G", chromosome_copies=1)
    unsure = trait("D", outcome="tastes dew", probability=0.97)  # one copy or two
    left_out = [trait("B", why="not_in_panel"), trait("C", why="low_confidence"), trait("E", why="made_up_later")]
    Run.objects.filter(pk=sample.run_id).update(traits=[told, of_one, unsure, *left_out])
    answer = client.get(opened(client, asked_for(client, cast, sample).json()))
    page = answer.context["page"]
    assert [(one.name, one.outcome, one.sure, one.genotype) for one in page.traits] == [
        ("Taste A", "tastes dew", "more than 99 in 100", "C/A"),
        ("Taste X", "sees red", "96 in 100", "G"),
        ("Taste D", "tastes dew", "97 in 100", ""),
    ]
    assert [group.names for group in page.traits_left_out] == [("Taste B",), ("Taste C",), ("Taste E",)]
    shown = answer.content.decode()
    assert "<strong>Tastes dew.</strong> Readings like yours are right in more than 99 in 100 cases." in shown
    assert "Source: Doe 2020" in shown
    client.force_login(cast.owner.user)
    shown = client.get(f"/samples/{sample.pk}").content.decode()
    for said in ("<code>C/A</code>", "96 in 100", "The panel does not have its place in the genome.", "Made up later"):
        assert said in shown


def test_without_traits_nothing_is_said_of_them(client: Client, cast: Cast, sample: Sample) -> None:
    assert 'id="traits"' not in client.get(opened(client, asked_for(client, cast, sample).json())).content.decode()
    client.force_login(cast.owner.user)
    assert 'id="traits"' not in client.get(f"/samples/{sample.pk}").content.decode()


def test_a_sample_without_ancestry_or_scores_is_told_so(client: Client, cast: Cast, sample: Sample) -> None:
    Run.objects.filter(pk=sample.run_id).update(ancestry=None)
    TraitScore.objects.all().delete()
    shown = client.get(opened(client, asked_for(client, cast, sample).json())).content.decode()
    assert "No scores are made for this kind of sample." in shown
    assert "Ancestry is not reported: too little of your sample" in shown
    client.force_login(cast.owner.user)
    assert "Not reported: the data cover none of the sites" in client.get(f"/samples/{sample.pk}").content.decode()


def test_the_page_says_what_was_found_in_words_and_pictures(client: Client, cast: Cast, sample: Sample) -> None:
    page = opened(client, asked_for(client, cast, sample).json())
    answer = client.get(page)
    assert answer.status_code == 200
    shown = answer.content.decode()
    raised, not_raised = answer.context["page"].scores
    assert (raised.name, raised.label, raised.tone) == ("Trait A", "Raised likelihood", "raised")
    assert (not_raised.label, not_raised.tone) == ("Not raised", "good")
    assert not_raised.sentence == (
        "Your score is higher than that of 10 in 100 people of the comparison group. "
        "The true number most likely lies between 8 and 12, the band around you."
    )
    assert not_raised.threshold == "A score counts as raised from 90 in 100 on, the dashed line."
    (unread,) = answer.context["page"].left_out
    assert unread.names == ("Trait C",)
    assert unread.why.startswith("This could not be worked out from your sample.")
    assert shown.count('<svg class="curve"') == 2
    assert [(share.name, share.percent, share.interval) for share in answer.context["page"].shares] == [
        ("South", "75.0 %", "70.0 to 80.0 %"), ("North", "25.0 %", "20.0 to 30.0 %"),
    ]  # fmt: skip
    assert "From 1 March 2026." in shown
    assert "style=" not in shown
    entry = AuditEntry.objects.get(action="sample-consumer-report.read")
    assert (entry.organization_id, entry.user_id, entry.subjects) == (cast.organization.id, None, [sample.pk])


@pytest.mark.parametrize(
    ("low", "high", "label", "tone"),
    [
        (90, 97, "Raised likelihood", "raised"),
        (89, 97, "Near the line", "open"),
        (None, None, "Raised likelihood", "raised"),
    ],
)
def test_a_band_across_the_threshold_is_no_verdict(
    client: Client, cast: Cast, sample: Sample, low: float | None, high: float | None, label: str, tone: str
) -> None:
    score = TraitScore.objects.get(key="A")
    score.details |= {"percentile_low": low, "percentile_high": high}
    score.save()
    shown = client.get(opened(client, asked_for(client, cast, sample).json())).context["page"].scores[0]
    assert (shown.label, shown.tone) == (label, tone)
    assert shown.advice[0].title == ("It could be either" if label == "Near the line" else "Talk about it")
    client.force_login(cast.owner.user)
    told = "open: the threshold of 90 is within the interval" in client.get(f"/samples/{sample.pk}").content.decode()
    assert told == (label == "Near the line")


def test_the_link_opens_once_and_the_page_closes_after_a_quarter_of_an_hour(
    client: Client, cast: Cast, sample: Sample
) -> None:
    link = asked_for(client, cast, sample).json()
    page = opened(client, link)
    assert [client.get(page).status_code for _ in range(2)] == [200, 200]
    other = Client().get(path_of(link["url"]), follow=True)
    assert other.status_code == 410
    assert "Trait A" not in other.content.decode()
    Link.objects.update(session_expires=datetime.now(UTC))
    late = client.get(page)
    assert late.status_code == 410
    assert b"A report can be read for 15 minutes" in late.content
    assert client.get(opened(client, asked_for(client, cast, sample).json())).status_code == 200


def test_without_the_switch_or_without_results_there_is_no_link(client: Client, cast: Cast, sample: Sample) -> None:
    Sample.objects.update(status="failed_qc")
    none = asked_for(client, cast, sample)
    assert (none.status_code, none.json()["code"]) == (400, "no_results")
    cast.organization.consumer_reports_enabled = False
    cast.organization.save()
    off = asked_for(client, cast, sample)
    assert (off.status_code, off.json()["code"]) == (403, "consumer_reports_off")
    assert Link.objects.count() == 0


@pytest.mark.parametrize("what", ["deleted", "project deleted", "switched off"])
def test_a_report_that_may_not_be_read_any_more_is_gone(client: Client, cast: Cast, sample: Sample, what: str) -> None:
    page = opened(client, asked_for(client, cast, sample).json())
    if what == "deleted":
        Sample.objects.update(deleted=clock.now())
    elif what == "project deleted":
        type(cast.project).objects.update(deleted=clock.now())
    else:
        type(cast.organization).objects.update(consumer_reports_enabled=False)
    answer = client.get(page)
    assert answer.status_code == 410
    assert b"This report is gone" in answer.content
    assert not AuditEntry.objects.filter(action="sample-consumer-report.read").exists()


def test_the_band_is_drawn_around_the_person() -> None:
    found = curve(EDGES, COUNTS, 2.0, 90, (10, 90))
    assert found is not None
    assert (found.band_x, found.band_width) == (WIDTH / 4, WIDTH / 2)  # ten of a hundred lie in each outer bin
    beside = curve(EDGES, COUNTS, 0.5, 90, (10, 50))
    assert beside is not None
    assert (beside.band_x, beside.band_width) == (beside.x, WIDTH / 2 - beside.x)  # never beside the person
    unknown = curve(EDGES, COUNTS, 2.0, 90)
    assert unknown is not None
    assert (unknown.band_x, unknown.band_width) == (WIDTH / 2, 0.0)


def test_the_curve_has_the_person_and_the_threshold_where_they_belong() -> None:
    found = curve(EDGES, COUNTS, 2.0, 50)
    assert found is not None
    assert (found.x, found.threshold_x) == (WIDTH / 2, WIDTH / 2)  # the middle of a symmetric one
    assert found.y == pytest.approx(0, abs=1)  # and its top
    assert found.path.startswith("M0.0 ")
    assert found.path.count("L") == 64
    ninety = curve(EDGES, COUNTS, -5.0, 90)
    assert ninety is not None
    assert (ninety.x, ninety.anchor, ninety.threshold_x) == (0.0, "start", WIDTH * 3 / 4)
    assert 0 < ninety.y < HEIGHT
    ends = curve(EDGES, COUNTS, 9.0, None)
    assert ends is not None
    assert (ends.x, ends.anchor, ends.threshold_x) == (WIDTH, "end", None)


@pytest.mark.parametrize(
    ("edges", "counts"), [([], []), ([0, 1], [1]), ([0, 1, 2], [0, 0]), ([2, 1, 0], [1, 1]), ([0, 1, 2], [1])]
)
def test_what_is_no_histogram_is_no_curve(edges: list[float], counts: list[float]) -> None:
    assert curve(edges, counts, 1.0, 90) is None
